// A blocked input beside what cannot be taken back: what a provider keeps, and usage that it has told.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { DONE, finishChunk, textChunk, usageChunk } from "../support/chat-chunks.ts";
import { converse, turnsOf } from "../support/conversations.ts";
import { streamOf } from "../support/fallbacks.ts";
import { askIn, CHAT, message, moderatedCatalog, RESPONSES, SLIM } from "../support/moderated.ts";
import { besideClassifier } from "../support/moderated-providers.ts";
import { createUserOf } from "../support/providers.ts";
import { STORING } from "../support/switches.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
/** The provider would have answered long before the classifier does. */
const BAD = message({ tokens: 1, moderation_ms: 150 }, "Tell me of emulate-violence.");
const CALM = message({ tokens: 1, moderation_ms: 150 }, "The river is low.");

beforeEach(async () => {
  await useCatalog(moderatedCatalog({ alias: { input: "parallel" }, responses: { ...STORING, conversations: true } }));
  await emulation.zero();
});

describe.each([
  ["streamed", true],
  ["whole", false],
])("beside an answer that is kept, %s,", (_kind, stream) => {
  it("an input that is blocked never reaches the conversation, and costs nothing", async () => {
    const user = await createUser();
    const { id: conversation } = await converse(user);
    const response = await user.post(RESPONSES.path, { ...RESPONSES.body(BAD, stream), conversation });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect((await emulation.idle()).by_path).not.toHaveProperty(RESPONSES.path);
    expect(await turnsOf(user, conversation)).toEqual([]);
    expect(await user.settled()).toEqual(NOTHING);
  });

  it("an input that is blocked is not stored, and costs nothing", async () => {
    const user = await createUser();
    const response = await user.post(RESPONSES.path, { ...RESPONSES.body(BAD, stream), store: true });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect((await emulation.idle()).by_path).toEqual({ "/v1/moderations": 1 });
    expect(await user.settled()).toEqual(NOTHING);
  });

  it("an input that is allowed is answered and added", async () => {
    const user = await createUser();
    const { id: conversation } = await converse(user);
    const response = await user.post(RESPONSES.path, { ...RESPONSES.body(CALM, stream), conversation, store: true });
    expect(response.status, await response.text()).toBe(200);
    expect((await turnsOf(user, conversation)).filter((turn) => turn !== "reasoning")).toEqual(["user", "assistant"]);
  });
});

const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const OF_CHAT = [textChunk("Low."), finishChunk(), usageChunk(12, 30), DONE];
const OF_RESPONSES = [
  event("response.output_text.delta", { delta: "Low." }),
  event("response.completed", {
    response: { id: "resp_1", status: "completed", output: [], usage: { input_tokens: 12, output_tokens: 30 } },
  }),
];

it.each([
  [SLIM.path, SLIM, OF_CHAT],
  [CHAT.path, CHAT, OF_CHAT],
  [RESPONSES.path, RESPONSES, OF_RESPONSES],
])("a stream of %s that is over before its input is blocked costs its usage", async (_path, form, events) => {
  const user = await createUserOf(besideClassifier(async () => streamOf(...events)()));
  const response = await askIn(user, form, BAD);
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
  expect(await user.settled()).toEqual({ tokens: 42, requests: 1, reserved: 0 });
});
