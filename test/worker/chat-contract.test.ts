import { describe, expect, it } from "vitest";
import type { Script } from "../../dev/provider/kernel/script.ts";
import type { Heard } from "../support/chat-contract.ts";
import { DIALECTS, hear, hearInBoth, useDialect } from "../support/chat-contract.ts";
import { emulate } from "../support/emulation.ts";
import { createUser } from "../support/workerd.ts";

type Json = Record<string, unknown>;

const SCHEMA = {
  type: "object",
  properties: { verdict: { type: "string" }, count: { type: "integer" } },
  required: ["verdict", "count"],
  additionalProperties: false,
};
const LOOK = { name: "look", description: "Looks at a place.", parameters: SCHEMA };
const PICTURE = "https://example.com/a.png";
const user = (content: unknown) => ({ role: "user", content });
const scripted = (script: Script, more: Json = {}): Json => ({ input: emulate(script), ...more });
const CALLED = { role: "assistant", tools: [{ id: "call_1", name: "look", arguments: '{"verdict":"a","count":1}' }] };

type Case = [name: string, body: Json, finish: string, said: RegExp];

/** Answers that come to their end: what is asked, how it finishes, and what it says. */
const ANSWERS: Case[] = [
  ["a text", scripted({ text: 'A weir, ein Wehr — 堰 🙂\n"quoted"' }), "stop", /^A weir, ein Wehr — 堰 🙂\n"quoted"$/],
  ["no text at all", scripted({ text: "" }), "stop", /^$/],
  ["a question", { input: "What is a weir?" }, "stop", /emulated provider/],
  ["bytes in small pieces", scripted({ tokens: 30, split: 7 }), "stop", /^\S.{60,}$/],
  ["instructions", { input: "What is a weir?", instructions: "Answer briefly." }, "stop", /weir/],
  ["a system message", { input: [{ role: "system", content: "Be kind." }, user("A weir?")] }, "stop", /weir/],
  [
    "images",
    {
      input: [
        user([
          { type: "text", text: "What is on it?" },
          { type: "image", url: PICTURE },
          { type: "image", url: "data:image/png;base64,AAAA" },
        ]),
      ],
    },
    "stop",
    /I saw 2 images/,
  ],
  [
    "an answer that follows a schema",
    { input: "Is it a weir?", format: SCHEMA },
    "stop",
    /^\{"verdict":".*","count":\d+\}$/,
  ],
  ["an effort", { input: "What is a weir?", effort: "high" }, "stop", /weir/],
  ["hidden thoughts", scripted({ tokens: 5, reasoning: 40 }), "stop", /./],
  [
    "several turns",
    { input: [user("What is a weir?"), { role: "assistant", content: "A low dam." }, user("Is it a river's?")] },
    "stop",
    /river/,
  ],
  ["a call of a tool", { input: "Look at the weir.", tools: [LOOK] }, "tool_calls", /^$/],
  [
    "the result of a tool",
    { input: [user("Look at it."), CALLED, { role: "tool", id: "call_1", content: "It is wet." }], tools: [LOOK] },
    "stop",
    /^The tool answered: It is wet\./,
  ],
  [
    "the results of two tools after words",
    {
      input: [
        user("Look at both."),
        { ...CALLED, content: "I look.", tools: [...CALLED.tools, { id: "call_2", name: "look", arguments: "{}" }] },
        { role: "tool", id: "call_1", content: "It is wet." },
        { role: "tool", id: "call_2", content: "It is dry." },
      ],
      tools: [LOOK],
    },
    "stop",
    /It is dry\./,
  ],
  ["a refusal", scripted({ refuse: "I would rather not." }), "refusal", /^I would rather not\.$/],
  ["an answer that its limit cuts", scripted({ tokens: 100, reasoning: 0 }, { max_output_tokens: 20 }), "length", /./],
  ["a limit that nothing reaches", scripted({ tokens: 10 }, { max_output_tokens: 500 }), "stop", /./],
  [
    "a call of a tool that its limit cuts, so that there is none",
    { input: "Look at the weir.", tools: [LOOK], max_output_tokens: 16 },
    "length",
    /^$/,
  ],
];

interface SlimObject {
  text: string;
  tools?: { id: string; name: string; arguments: string }[];
  finish: string;
  usage: Record<string, number>;
  left: Record<string, number>;
}

/** What the events of a stream say together, as an answer that is not streamed does. */
function toObject({ events = [] }: Heard): Json {
  const named = (wanted: string) =>
    (events as { name: string; data: unknown }[]).filter(({ name }) => name === wanted).map(({ data }) => data);
  const [done] = named("done");
  const tools = named("tool");
  return { text: named("text").join(""), ...(tools.length > 0 ? { tools } : {}), ...(done as Json) };
}

describe("over either dialect the caller hears the same:", () => {
  it.each(ANSWERS)("%s", async (_, body, finish, said) => {
    const [chat, responses] = await hearInBoth(body);
    expect(responses).toEqual(chat);
    expect(chat.status).toBe(200);
    const answer = toObject(chat) as unknown as SlimObject;
    expect(answer.finish).toBe(finish);
    expect(answer.text).toMatch(said);
    expect(answer.tools?.map(({ name }) => name)).toEqual(finish === "tool_calls" ? ["look"] : undefined);
    expect(answer.usage).toMatchObject({ input: expect.any(Number) as number, output: expect.any(Number) as number });
  });

  it.each(ANSWERS)("%s, in one object", async (_, body) => {
    const [chat, responses] = await hearInBoth({ ...body, stream: false });
    expect(responses).toEqual(chat);
    const [streamed] = await hearInBoth(body);
    expect(chat).toEqual({ status: 200, object: toObject(streamed) });
  });

  it("a call of a tool without parameters, which Responses wants to be told and counts", async () => {
    const [chat, responses] = await hearInBoth({ input: "Look!", tools: [{ name: "look" }] });
    const call = { text: "", tools: [{ id: "call", name: "look", arguments: "{}" }], finish: "tool_calls" };
    expect(toObject(chat)).toMatchObject(call);
    expect(toObject(responses)).toMatchObject(call);
  });

  it.each([true, false])("a provider that refuses (stream: %s)", async (stream) => {
    for (const status of [400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 504]) {
      const [chat, responses] = await hearInBoth(scripted({ status }, { stream }));
      expect(responses, String(status)).toEqual(chat);
      expect(chat.status).toBeGreaterThanOrEqual(400);
      expect(chat.object).toHaveProperty("error.message");
    }
  });

  it.each<[string, Script]>([
    ["an error before it begins", { tokens: 9, error_after: 0 }],
    ["an error in the middle", { tokens: 20, delay_ms: 1, error_after: 5 }],
    ["a cut connection", { tokens: 20, delay_ms: 1, cut_after: 5 }],
  ])("%s", async (_, script) => {
    const [chat, responses] = await hearInBoth(scripted(script));
    expect(responses).toEqual(chat);
    expect(JSON.stringify(chat)).toContain('"code":"provider_error"');
  });

  it.each([
    ["an effort that the model has not", { effort: "xhigh" }, "effort"],
    ["no input", { input: "" }, "input"],
    ["a field that nobody knows", { surprise: 1 }, "surprise"],
  ])("what is refused by Weir: %s", async (_, more, param) => {
    const body = { input: "Hi", ...more };
    const heard: Heard[] = [];
    for (const [endpoint] of DIALECTS) {
      await useDialect(endpoint);
      heard.push(await hear(await createUser(), body));
    }
    expect(heard[1]).toEqual(heard[0]);
    expect(heard[0]).toMatchObject({ status: 400, object: { error: { param } } });
  });
});
