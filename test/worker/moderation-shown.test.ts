import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { chunk, DONE, finishChunk, usageChunk } from "../support/chat-chunks.ts";
import { CHAT, moderatedCatalog, RESPONSES, SLIM } from "../support/moderated.ts";
import { besideClassifier } from "../support/moderated-providers.ts";
import { createUserOf } from "../support/providers.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const BAD = "emulate-violence";
const MODEL = { model: "o4-mini" };
const HI = { role: "user", content: "Hi" };
const PARAMETERS = { type: "object", properties: { word: { type: "string", description: BAD } } };
const KEYS = { type: "object", properties: { [BAD]: { type: "string" } } };
const RESULT = { type: "custom_tool_call_output", call_id: "call_1", output: "Nothing." };

const slim = (fields: object) => [SLIM.path, { ...MODEL, input: "Hi", stream: false, ...fields }] as const;
const chat = (fields: object) => [CHAT.path, { ...MODEL, messages: [HI], ...fields }] as const;
const responses = (fields: object) => [RESPONSES.path, { ...MODEL, input: "Hi", ...fields }] as const;
const formatOf = (schema: object) => ({ name: "answer", strict: false, schema });

const SHOWN: [what: string, readonly [path: string, body: object]][] = [
  ["a tool's name of /chat", slim({ tools: [{ name: BAD }] })],
  ["a tool's description of /chat", slim({ tools: [{ name: "look", description: BAD }] })],
  ["a tool's parameters of /chat", slim({ tools: [{ name: "look", parameters: PARAMETERS }] })],
  ["a schema of /chat", slim({ format: KEYS })],
  [
    "the name of an earlier call of /chat",
    slim({
      input: [
        HI,
        { role: "assistant", tools: [{ id: "call_1", name: BAD, arguments: "{}" }] },
        { role: "tool", id: "call_1", content: "Nothing." },
      ],
    }),
  ],
  ["a speaker's name of Chat Completions", chat({ messages: [{ ...HI, name: BAD }] })],
  ["a tool of Chat Completions", chat({ tools: [{ type: "function", function: { name: "look", description: BAD } }] })],
  ["a schema of Chat Completions", chat({ response_format: { type: "json_schema", json_schema: formatOf(KEYS) } })],
  [
    "a custom tool's call of Chat Completions",
    chat({
      messages: [
        HI,
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "call_1", type: "custom", custom: { name: "look", input: BAD } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "Nothing." },
      ],
    }),
  ],
  ["a tool of Responses", responses({ tools: [{ type: "function", name: "look", parameters: PARAMETERS }] })],
  ["a custom tool of Responses", responses({ tools: [{ type: "custom", name: "look", description: BAD }] })],
  ["a schema of Responses", responses({ text: { format: { type: "json_schema", ...formatOf(KEYS) } } })],
  [
    "a custom tool's call of Responses",
    responses({ input: [{ type: "custom_tool_call", call_id: "call_1", name: "look", input: BAD }, RESULT] }),
  ],
  [
    "a custom tool's result of Responses",
    responses({
      input: [
        { type: "custom_tool_call", call_id: "call_1", name: "look", input: "Hi" },
        { ...RESULT, output: BAD },
      ],
    }),
  ],
  [
    "a summary of what was thought",
    responses({
      input: [{ type: "reasoning", encrypted_content: "gAAA", summary: [{ type: "summary_text", text: BAD }] }, HI],
    }),
  ],
];

beforeEach(emulation.zero);

describe("of what the model is shown is judged", () => {
  it.each(SHOWN)("%s", async (_what, [path, body]) => {
    await useCatalog(moderatedCatalog({ alias: { input: "before" } }));
    const user = await createUser();
    const response = await user.post(path, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });
});

const streaming = (text: string) => new Response(text, { headers: { "content-type": "text/event-stream" } });
const event = (data: { type: string; [field: string]: unknown }) =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const RESPONSE = { id: "resp_1", object: "response", output: [] };
const USAGE = { input_tokens: 12, output_tokens: 30, total_tokens: 42 };

describe("of an answer is judged what nobody here knows", () => {
  beforeEach(() => useCatalog(moderatedCatalog({ alias: { output: "window" } })));

  it.each([
    [
      "a chunk's field",
      CHAT,
      chunk({ role: "assistant", content: "" }) +
        chunk({ thoughts: `${BAD}. ` }) +
        finishChunk() +
        usageChunk(12, 30) +
        DONE,
    ],
    [
      "an event",
      RESPONSES,
      event({ type: "response.created", response: { ...RESPONSE, status: "in_progress" } }) +
        event({ type: "response.thoughts.delta", delta: `${BAD}. ` }) +
        event({ type: "response.completed", response: { ...RESPONSE, status: "completed", usage: USAGE } }),
    ],
  ])("streamed: %s", async (_what, form, events) => {
    const user = await createUserOf(besideClassifier(async () => streaming(events)));
    const text = await (await user.post(form.path, form.body("Hi", true))).text();
    expect(form.ending(text)).toBe(form.blocked);
    expect(text).not.toContain(BAD);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });

  it.each([
    [
      "a message's field",
      CHAT,
      {
        choices: [{ index: 0, message: { role: "assistant", content: "Low.", thoughts: BAD }, finish_reason: "stop" }],
        usage: { prompt_tokens: 12, completion_tokens: 30, total_tokens: 42 },
      },
    ],
    [
      "an item",
      RESPONSES,
      { ...RESPONSE, status: "completed", usage: USAGE, output: [{ type: "thoughts", thought: [{ words: BAD }] }] },
    ],
  ])("whole: %s", async (_what, form, answer) => {
    const user = await createUserOf(besideClassifier(async () => Response.json(answer)));
    const response = await user.post(form.path, form.body("Hi", false));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation" });
    expect(await user.settled()).toEqual({ tokens: 42, requests: 1, reserved: 0 });
  });
});
