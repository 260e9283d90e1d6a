// Conversations stored at the provider, and the answers in them.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { readUntil } from "../../../support/events.ts";
import { createSend, createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import {
  asking,
  CONVERSATIONS,
  converse,
  COUNTER,
  countingProvider,
  createSwitchedCatalog,
  PATH,
  respond,
  turnsOf,
} from "../support/stored.ts";

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog({ conversations: true }));
  await emulation.zero();
});

it.each([
  ["items, because they would not be moderated", { items: [{ role: "user", content: "Hi" }] }, "items"],
  ["an unknown field", { surprise: 1 }, "surprise"],
])("a conversation cannot be created with %s", async (_, body, param) => {
  const response = await (await createUser()).post(CONVERSATIONS, body);
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ param });
  expect((await emulation.stats()).requests).toBe(0);
});

it("a conversation begins empty, and its owner can replace its metadata, but not the owner's key", async () => {
  const user = await createUser();
  const created = await user.post(CONVERSATIONS, { items: [], metadata: { topic: "rivers" } });
  const { id, metadata } = (await created.json()) as { id: string; metadata: Record<string, string> };
  const { weir_user: owner } = metadata;
  expect(metadata).toEqual({ topic: "rivers", weir_user: expect.stringMatching(/^q1:/) });
  const path = `${CONVERSATIONS}/${id}`;
  const updated = await user.post(path, { metadata: { topic: "lakes", weir_user: "another" } });
  expect(await updated.json()).toMatchObject({ id, metadata: { topic: "lakes", weir_user: owner } });
  expect(await (await user.get(path)).json()).toMatchObject({ metadata: { topic: "lakes", weir_user: owner } });
  const other = await createUser();
  expect((await other.post(path, { metadata: {} })).status).toBe(404);
  expect((await user.post(path, { items: [] })).status).toBe(400);
  expect(await (await user.post(path, { metadata: null })).json()).toMatchObject({ metadata: { weir_user: owner } });
});

describe("an answer in a conversation", () => {
  it.each([false, true])("is counted with all items, and added to them (stream: %s)", async (stream) => {
    const user = await createUser();
    const { id } = await converse(user);
    await respond(user, { model: "o4-mini", input: "The river is long. ".repeat(100), conversation: id });
    const before = await user.settled();
    await emulation.zero();
    const response = await user.post(PATH, asking({ tokens: 2 }, { conversation: { id }, stream }));
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect((await emulation.stats()).by_path).toEqual({ [`${CONVERSATIONS}/:id`]: 1, [COUNTER]: 2, [PATH]: 1 });
    expect(Number(/"input_tokens":(\d+)/.exec(text)?.[1])).toBeGreaterThan(400);
    const total = Number(/"total_tokens":(\d+)/.exec(text)?.[1]);
    expect(await user.settled()).toEqual({
      tokens: before.tokens + total,
      // The look-up of the owner, the count, and the answer.
      requests: before.requests + 3,
      reserved: 0,
    });
    expect(await turnsOf(user, id)).toEqual(["user", "assistant", "user", "assistant"]);
  });

  it("is a 429 while another one is running, and costs nothing", async () => {
    const user = await createUser();
    const { id: conversation } = await converse(user);
    const running = await user.post(PATH, asking({ tokens: 2, stall_after: 1 }, { conversation, stream: true }));
    const reader = await readUntil(running.body, "response.output_text.delta");
    const response = await user.post(PATH, asking({ tokens: 1 }, { conversation }));
    expect(response.status).toBe(429);
    expect((await errorOf(response)).message).toContain("conversation");
    expect((await user.usage()).leases.running).toBe(1);
    expect((await user.post(PATH, asking({ tokens: 1 }))).status).toBe(200);
    await reader.cancel();
    await user.settled();
  });

  it.each([
    ["a 429 when the conversation grows between count and reservation", 429, "concurrency_limit_exceeded", 200],
    ["a 502 when the second count fails", 502, "provider_error", undefined],
  ])("is %s, and costs only requests", async (_kind, status, code, recounted) => {
    const owner = await createUser();
    const { id: conversation } = await converse(owner);
    const counts = [100, recounted];
    const provider = countingProvider(() => {
      const count = counts.shift();
      return count ? Response.json({ input_tokens: count }) : new Response(null, { status: 500 });
    });
    await emulation.zero();
    const response = await createSend(provider)(PATH, {
      method: "POST",
      headers: { authorization: `Bearer ${owner.token}` },
      body: JSON.stringify(asking({ tokens: 1 }, { conversation })),
    });
    expect([response.status, (await errorOf(response)).code]).toEqual([status, code]);
    expect((await emulation.stats()).by_path).toEqual({ [`${CONVERSATIONS}/:id`]: 1 });
    // The new conversation, the look-up of the owner, and the count.
    expect(await owner.settled()).toEqual(ONLY_REQUESTS(3));
  });

  it.each([PATH, COUNTER])("is refused in another user's conversation: %s", async (path) => {
    const { id } = await converse(await createUser());
    const other = await createUser();
    await emulation.zero();
    for (const conversation of [id, { id }, "conv_unknown", "../models"]) {
      const response = await other.post(path, asking({ tokens: 1 }, { conversation }));
      expect(response.status).toBe(404);
      expect(await errorOf(response)).toMatchObject({ code: "not_found", param: "conversation" });
    }
    expect(await other.settled()).toEqual(ONLY_REQUESTS(4));
    expect((await emulation.stats()).by_path).toEqual({ [`${CONVERSATIONS}/:id`]: 3 });
  });
});
