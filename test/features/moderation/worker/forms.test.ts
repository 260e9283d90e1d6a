// uses: slim-chat, chat-completions, responses, stored-responses
// Every form of a chat goes through the same gates: once each on every route that has a chat.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { chunk, DONE, finishChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { streamOf } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { converse, LATER, STORING, turnsOf } from "../../stored-responses/support/stored.ts";
import { createUserBesideClassifier } from "../support/classifier.ts";
import { askIn, CHAT, FORMS, message, moderatedCatalog, RESPONSES, SLIM, TWENTY } from "../support/moderated.ts";

const BAD = "emulate-violence";
const CALM = "The river is so calm";
const VIOLENT = " emulate-violence so";
const useWindow = () => useCatalog(moderatedCatalog({ alias: { output: "window" }, policy: { window: TWENTY } }));

beforeEach(emulation.zero);

describe.each(FORMS)("on %s", (_path, form) => {
  it.each([true, false])("a blocked input is a 400 that costs nothing (stream: %s)", async (stream) => {
    await useCatalog(moderatedCatalog({ alias: { input: "before" } }));
    const user = await createUser();
    const response = await askIn(user, form, message({ tokens: 5 }, BAD), stream);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });

  it("a stream is cut where it is blocked, and a whole answer is a 400", async () => {
    await useWindow();
    const user = await createUser();
    const content = message({ text: CALM + VIOLENT });
    const text = await (await askIn(user, form, content)).text();
    expect([form.said(text), form.ending(text)]).toEqual([CALM, form.blocked]);
    expect((await askIn(user, form, content, false)).status).toBe(400);
    expect(await user.settled()).toMatchObject({ requests: 2, reserved: 0 });
  });
});

describe("the arguments of a tool call are judged", () => {
  const parameters = { type: "object", properties: { what: { const: BAD } }, required: ["what"] };
  const tool = { name: "look_up", description: "Looks something up.", parameters };
  const BODIES = [
    [SLIM, { tools: [tool] }],
    [CHAT, { tools: [{ type: "function", function: tool }] }],
    [RESPONSES, { tools: [{ type: "function", ...tool }] }],
  ] as const;

  it.each(BODIES.map(([form, tools]) => [form.path, form, tools] as const))("on %s", async (_path, form, tools) => {
    await useCatalog(moderatedCatalog({ alias: { output: "window" } }));
    const user = await createUser();
    const text = await (await user.post(form.path, { ...form.body("What is it?", true), ...tools })).text();
    expect(form.ending(text)).toBe(form.blocked);
    expect(text).not.toMatch(/event:tool|call_arguments|"arguments":"[^"]/);
    const whole = await user.post(form.path, { ...form.body("What is it?", false), ...tools });
    expect(whole.status).toBe(400);
    expect(await user.settled()).toMatchObject({ requests: 2, reserved: 0 });
  });
});

const event = (data: { type: string; [field: string]: unknown }) =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const RESPONSE = { id: "resp_1", object: "response", output: [] };

describe("text in a place that is not known here is judged", () => {
  const chunks = [chunk({ content: "" }), chunk({ thoughts: `${BAD}. ` }), finishChunk(), usageChunk(12, 30), DONE];
  const events = [
    event({ type: "response.created", response: { ...RESPONSE, status: "in_progress" } }),
    event({ type: "response.thoughts.delta", delta: `${BAD}. ` }),
    event({ type: "response.completed", response: { ...RESPONSE, status: "completed", usage: null } }),
  ];

  it.each([
    ["a chunk's field", CHAT, chunks],
    ["an event", RESPONSES, events],
  ])("in %s", async (_where, form, answer) => {
    await useCatalog(moderatedCatalog({ alias: { output: "window" } }));
    const user = await createUserBesideClassifier(streamOf(...answer));
    const text = await (await user.post(form.path, form.body("Hi", true))).text();
    expect(form.ending(text)).toBe(form.blocked);
    expect(text).not.toContain(BAD);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });
});

it.each([
  ["several choices", CHAT, { n: 2 }, {}],
  ["a stored answer", RESPONSES, { store: true }, STORING],
  ["the background", RESPONSES, LATER, STORING],
])("an answer that could be read past its windows is refused: %s", async (_what, form, fields, responses) => {
  await useCatalog(moderatedCatalog({ alias: { output: "window" }, responses }));
  const user = await createUser();
  const response = await user.post(form.path, { ...form.body("Hi", false), ...fields });
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code: "unsupported_value" });
  expect(await user.settled()).toEqual(NOTHING);
});

describe("beside an answer that is kept, a blocked input is waited for", () => {
  const SLOWLY = { tokens: 1, moderation_ms: 100 };

  it.each([
    ["that is stored", { store: true }],
    ["in the background", LATER],
    ["in a conversation", {}],
  ])("%s", async (place, fields) => {
    await useCatalog(
      moderatedCatalog({ alias: { input: "parallel" }, responses: { ...STORING, conversations: true } }),
    );
    const user = await createUser();
    const conversation = place === "in a conversation" ? { conversation: (await converse(user)).id } : {};
    const body = { ...RESPONSES.body(message(SLOWLY, BAD), false), ...fields, ...conversation };
    const response = await user.post(RESPONSES.path, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect((await emulation.idle()).by_path).not.toHaveProperty(RESPONSES.path);
    expect(await user.settled()).toEqual(NOTHING);
    if (conversation.conversation) expect(await turnsOf(user, conversation.conversation)).toEqual([]);
  });
});
