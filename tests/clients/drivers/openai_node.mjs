// The ways in which openai-node asks for a closed set of answers, with zod schemas.

import OpenAI, { AzureOpenAI } from "openai";
import { zodFunction, zodResponseFormat, zodResponsesFunction, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { MODEL, SYSTEM, TOPICS, prompt, run } from "./common.mjs";

const Mail = z.object({ topic: z.enum(TOPICS), urgent: z.boolean() });
const format = zodResponseFormat(Mail, "mail");
const textFormat = zodTextFormat(Mail, "mail");
const tool = zodFunction({ name: "mail", parameters: Mail });
const flat = zodResponsesFunction({ name: "mail", parameters: Mail });
const named = { type: "function", function: { name: "mail" } };
const asJson = `${SYSTEM} Answer with a JSON object that holds topic (${TOPICS.join(", ")}) and urgent.`;
const oneWord = `What is the topic of this mail? Answer with one word: ${TOPICS.join(", ")}.`;

const asking = (system, text) => [
  { role: "system", content: system },
  { role: "user", content: text },
];

async function gathered(stream) {
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
  return text;
}

function chat(client) {
  const { completions } = client.chat;
  return {
    "chat.create": async (text) => {
      const reply = await completions.create({ model: MODEL, messages: prompt(text), response_format: format });
      return JSON.parse(reply.choices[0].message.content);
    },
    "chat.parse union of literals": async (text) => {
      const literals = z.union([z.literal("billing"), z.literal("delivery"), z.literal("login")]);
      const shape = zodResponseFormat(z.object({ topic: literals, urgent: z.boolean().nullable() }), "mail");
      const reply = await completions.parse({ model: MODEL, messages: prompt(text), response_format: shape });
      const { topic } = reply.choices[0].message.parsed;
      return { topic };
    },
    "chat.create streamed": async (text) => {
      const asked = { model: MODEL, messages: prompt(text), response_format: format, stream: true };
      return JSON.parse(await gathered(await completions.create(asked)));
    },
    "chat.parse": async (text) => {
      const reply = await completions.parse({ model: MODEL, messages: prompt(text), response_format: format });
      return reply.choices[0].message.parsed;
    },
    "chat.stream": async (text) => {
      const stream = completions.stream({ model: MODEL, messages: prompt(text), response_format: format });
      return (await stream.finalChatCompletion()).choices[0].message.parsed;
    },
  };
}

function tools(client) {
  const { completions } = client.chat;
  const call = (choice) => async (text) => {
    const asked = { model: MODEL, messages: prompt(text), tools: [tool], tool_choice: choice };
    return (await completions.parse(asked)).choices[0].message.tool_calls[0].function.parsed_arguments;
  };
  return {
    "chat.tool named": call(named),
    "chat.tool required": call("required"),
    "chat.tool auto": call("auto"),
    "chat.stream tool": async (text) => {
      const stream = completions.stream({ model: MODEL, messages: prompt(text), tools: [tool], tool_choice: named });
      const [found] = (await stream.finalChatCompletion()).choices[0].message.tool_calls;
      return found.function.parsed_arguments;
    },
    "chat.runTools": async (text) => {
      let given;
      const keep = { ...tool, function: { ...tool.function, function: (args) => ((given = args), "kept"), parse: JSON.parse } };
      const asked = { model: MODEL, messages: prompt(text), tools: [keep], tool_choice: named };
      await completions.runTools(asked).finalFunctionToolCall();
      return given;
    },
  };
}

function unstated(client) {
  const create = (system, text, asked) =>
    client.chat.completions.create({ model: MODEL, messages: asking(system, text), ...asked });
  const json = { response_format: { type: "json_object" } };
  return {
    "chat.json_object": async (text) => JSON.parse((await create(asJson, text, json)).choices[0].message.content),
    "chat.json_object streamed": async (text) =>
      JSON.parse(await gathered(await create(asJson, text, { ...json, stream: true }))),
    "chat.one word": async (text) => (await create(oneWord, text, {})).choices[0].message.content,
    "chat.one word streamed": async (text) => gathered(await create(oneWord, text, { stream: true })),
  };
}

function responses(client) {
  const asked = (text) => ({ model: MODEL, input: prompt(text) });
  return {
    "responses.parse": async (text) =>
      (await client.responses.parse({ ...asked(text), text: { format: textFormat } })).output_parsed,
    "responses.stream": async (text) => {
      const stream = client.responses.stream({ ...asked(text), text: { format: textFormat } });
      return (await stream.finalResponse()).output_parsed;
    },
    "responses.tool required": async (text) => {
      const reply = await client.responses.parse({ ...asked(text), tools: [flat], tool_choice: "required" });
      return reply.output[0].parsed_arguments;
    },
    "responses.create streamed": async (text) => {
      let said = "";
      const events = await client.responses.create({ ...asked(text), text: { format: textFormat }, stream: true });
      for await (const event of events) if (event.type === "response.output_text.delta") said += event.delta;
      return JSON.parse(said);
    },
  };
}

await run((root, apiKey) => {
  const client = new OpenAI({ baseURL: `${root}/v1`, apiKey, maxRetries: 0 });
  const azure = new AzureOpenAI({ endpoint: root, apiKey, apiVersion: "2025-03-01-preview", maxRetries: 0 });
  return {
    ...chat(client),
    ...tools(client),
    ...unstated(client),
    ...responses(client),
    "azure chat.parse": chat(azure)["chat.parse"],
    "azure chat.stream": chat(azure)["chat.stream"],
  };
});
