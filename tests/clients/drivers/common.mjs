// What the JavaScript drivers share with common.py: the same texts, and one JSON line a call.
// Run as `node driver.mjs BASE_URL KEY FIRST COUNT`.

export const MODEL = "gpt-4o-2024-08-06";
export const SYSTEM = "Sort the mail of a shop by its topic, and say whether it is urgent.";
export const TOPICS = ["billing", "delivery", "login"];
const NOUNS = {
  billing: ["invoice", "refund", "charge", "payment"],
  delivery: ["parcel", "courier", "shipment", "package"],
  login: ["password", "verification code", "locked account", "second factor"],
};
const FRAMES = [
  (noun, n) => `Please help, my ${noun} from order ${n} is wrong`,
  (noun, n) => `Order ${n}: what happened to the ${noun}?`,
  (noun, n) => `I am still waiting to hear about the ${noun}, ticket ${n},`,
  (noun, n) => `Number ${n} again, there is a problem with my ${noun}`,
  (noun, n) => `Since monday nobody could tell me anything on the ${noun} of ${n}`,
];
const RUSH = ["and I need it today!", "at once, please!"];
const CALM = ["but take your time.", "whenever you like."];
const [FIRST, STRIDE] = [100_000, 1_000];

export function message(n) {
  const noun = NOUNS[TOPICS[n % 3]][Math.floor(n / 3) % 4];
  const ending = [RUSH, CALM][Math.floor(n / 2) % 2][Math.floor(n / 5) % 2];
  return `${FRAMES[n % 5](noun, n)} ${ending}`;
}

export function prompt(text) {
  return [
    { role: "system", content: SYSTEM },
    { role: "user", content: text },
  ];
}

async function asked(cell, text) {
  try {
    const said = await cell(text);
    if (said === undefined || said === null) throw new Error("the library returned nothing");
    return { said: typeof said === "object" ? said : { topic: said } };
  } catch (error) {
    return { error: `${error.name}: ${error.message}`.slice(0, 400) };
  }
}

export async function run(make) {
  const [baseUrl, key, first, count] = process.argv.slice(2);
  let place = 0;
  for (const [name, cell] of Object.entries(make(baseUrl, key))) {
    for (let n = 0; n < Number(count); n++) {
      const number = FIRST + place * STRIDE + Number(first) + n;
      const line = { cell: name, number, ...(await asked(cell, message(number))) };
      process.stdout.write(JSON.stringify(line) + "\n");
    }
    place += 1;
  }
}
