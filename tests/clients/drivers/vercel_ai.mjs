// The Vercel AI SDK's ways to structured output, over Responses (its default), chat, and the openai-compatible provider.

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { Output, generateObject, generateText, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { MODEL, SYSTEM, TOPICS, run } from "./common.mjs";

const schema = z.object({ topic: z.enum(TOPICS), urgent: z.boolean() });
const asJson = `${SYSTEM} Answer with a JSON object that holds topic (${TOPICS.join(", ")}) and urgent.`;
const oneWord = `What is the topic of this mail? Answer with one word: ${TOPICS.join(", ")}.`;

function objects(model, system = SYSTEM) {
  const asked = (text) => ({ model, system, prompt: text, maxRetries: 0 });
  return {
    "Output.object": async (text) =>
      (await generateText({ ...asked(text), output: Output.object({ schema }) })).output,
    "Output.object streamed": async (text) => {
      const result = streamText({ ...asked(text), output: Output.object({ schema }) });
      let last;
      for await (const part of result.partialOutputStream) last = part;
      return last;
    },
    generateObject: async (text) => (await generateObject({ ...asked(text), schema, schemaName: "mail" })).object,
    streamObject: async (text) => {
      const result = streamObject({ ...asked(text), schema });
      for await (const _ of result.partialObjectStream);
      return result.object;
    },
  };
}

function others(model) {
  const asked = (text) => ({ model, system: SYSTEM, prompt: text, maxRetries: 0 });
  const called = (toolChoice) => async (text) => {
    const tools = { mail: tool({ description: "Sort a mail.", inputSchema: schema }) };
    const { toolCalls } = await generateText({ ...asked(text), tools, toolChoice });
    return toolCalls[0].input;
  };
  return {
    "Output.choice": async (text) =>
      (await generateText({ ...asked(text), output: Output.choice({ options: TOPICS }) })).output,
    "Output.array": async (text) =>
      (await generateText({ ...asked(text), output: Output.array({ element: schema }) })).output[0],
    "tool named": called({ type: "tool", toolName: "mail" }),
    "tool required": called("required"),
    "tool auto": called("auto"),
    "tool required, streamed": async (text) => {
      const tools = { mail: tool({ description: "Sort a mail.", inputSchema: schema }) };
      const result = streamText({ ...asked(text), tools, toolChoice: "required" });
      return (await result.toolCalls)[0].input;
    },
    "one word": async (text) => (await generateText({ ...asked(text), system: oneWord })).text,
    "one word streamed": async (text) => {
      let said = "";
      for await (const piece of streamText({ ...asked(text), system: oneWord }).textStream) said += piece;
      return said;
    },
  };
}

const named = (prefix, cells) =>
  Object.fromEntries(Object.entries(cells).map(([name, cell]) => [`${prefix} ${name}`, cell]));

await run((root, apiKey) => {
  const openai = createOpenAI({ baseURL: `${root}/v1`, apiKey });
  const compatible = (supportsStructuredOutputs) =>
    createOpenAICompatible({ name: "proxy", baseURL: `${root}/v1`, apiKey, supportsStructuredOutputs })(MODEL);
  return {
    ...named("responses", { ...objects(openai(MODEL)), ...others(openai(MODEL)) }),
    ...named("chat", { ...objects(openai.chat(MODEL)), ...others(openai.chat(MODEL)) }),
    ...named("compatible, schema", objects(compatible(true))),
    ...named("compatible, no schema", objects(compatible(false), asJson)),
  };
});
