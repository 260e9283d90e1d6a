// uses: responses
// Conversations that the provider keeps: their owner, and the answers in them.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { readUntil } from "../../../support/events.ts";
import { createSend, createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import {
  asking,
  CONVERSATIONS,
  converse,
  COUNTER,
  countingProvider,
  createSwitchedCatalog,
  LATER,
  look,
  lookAt,
  PATH,
  respond,
  restrict,
  STORING,
  turnsOf,
} from "../support/stored.ts";

const ROUTES = [
  ["GET", ""],
  ["DELETE", ""],
  ["GET", "/items"],
] as const;

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog({ conversations: true }));
  await emulation.zero();
});

describe("a conversation", () => {
  it("is there for its owner until it is deleted, with the caller's own metadata, and costs nothing", async () => {
    const user = await createUser();
    const made = await converse(user, { metadata: { screen: "home" } });
    expect(made).toMatchObject({ object: "conversation", metadata: { screen: "home" } });
    expect(await lookAt(user, made.id)).toEqual({ status: 200, body: made });
    expect(await turnsOf(user, made.id)).toEqual([]);
    expect(await lookAt(user, made.id, "DELETE")).toMatchObject({ status: 200, body: { deleted: true } });
    expect((await lookAt(user, made.id)).status).toBe(404);
    expect(await user.settled()).toEqual(NOTHING);
  });

  it("belongs to its owner, whatever the metadata say", async () => {
    const owner = await createUser();
    const { metadata } = await converse(owner);
    const forger = await createUser();
    const forged = await converse(forger, { metadata: { ...metadata, weir_lease: "a", weir_model: "o4-mini" } });
    expect((await lookAt(owner, forged.id)).status).toBe(404);
    expect((await lookAt(forger, forged.id)).status).toBe(200);
  });

  it.each([
    ["items, which would not be moderated", { items: [{ role: "user", content: "Hi" }] }, "items"],
    ["an unknown field", { surprise: 1 }, "surprise"],
  ])("cannot begin with %s", async (_, body, param) => {
    const response = await (await createUser()).post(CONVERSATIONS, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param });
    expect((await emulation.stats()).requests).toBe(0);
  });
});

describe.each(ROUTES)("%s of a conversation%s", (method, rest) => {
  it("is a 404 to any other user, in the same words as one that never was, and does nothing", async () => {
    const owner = await createUser();
    const { id } = await converse(owner);
    const other = await createUser();
    const refused = await lookAt(other, `${id}${rest}`, method);
    expect(refused).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
    const unknown = await lookAt(other, `conv_unknown${rest}`, method);
    expect(JSON.stringify(unknown).replace("conv_unknown", id)).toBe(JSON.stringify(refused));
    expect((await lookAt(owner, id)).status).toBe(200);
  });

  it("never reaches the provider with an id that is none, or with an unknown query", async () => {
    const user = await createUser();
    for (const id of ["nothing", "resp_1", "conv_..", "conv_a%2Fb", "conv_a%3Fb", "..%2Fmodels"]) {
      expect((await lookAt(user, `${id}${rest}`, method)).status, id).toBe(404);
    }
    expect((await lookAt(user, `conv_1${rest}?stream=true`, method)).status).toBe(400);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("is refused to a blocked user, to a revoked token, and where the catalog does not allow it", async () => {
    const [blocked, revoked] = [await createUser(), await createUser()];
    const { id } = await converse(blocked);
    await restrict(blocked, "block");
    expect((await lookAt(blocked, `${id}${rest}`, method)).status).toBe(403);
    await restrict(revoked, "revoke");
    expect((await lookAt(revoked, `${id}${rest}`, method)).status).toBe(401);
    await useCatalog(createSwitchedCatalog(STORING));
    const { status, body } = await lookAt(await createUser(), `${id}${rest}`, method);
    expect(status).toBe(404);
    expect(body.error?.message).toContain("responses.conversations.");
  });
});

describe("an answer in a conversation", () => {
  it.each([false, true])("is counted with everything in it, and added to it (stream: %s)", async (stream) => {
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
    expect(await user.settled()).toEqual({ tokens: before.tokens + total, requests: 2, reserved: 0 });
    expect(await turnsOf(user, id)).toEqual(["user", "assistant", "user", "assistant"]);
  });

  it("is a 429 while another one runs there, and costs nothing", async () => {
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
    ["a 429 when the conversation grows between its count and its reservation", 429, "insufficient_quota", 200],
    ["a 502 when it can be counted only once", 502, "provider_error", undefined],
  ])("is %s, and is not sent", async (_kind, status, code, recounted) => {
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
    expect(await owner.settled()).toEqual(NOTHING);
  });

  it("in the background is added when it has ended, and settled when its owner asks for it", async () => {
    await useCatalog(createSwitchedCatalog({ conversations: true, ...STORING }));
    const user = await createUser();
    const { id: conversation } = await converse(user);
    const { id } = await respond(user, asking({ tokens: 3, reasoning: 0 }, { conversation, ...LATER }));
    expect(await look(user, id)).toMatchObject({ status: 200, body: { status: "completed" } });
    expect(await turnsOf(user, conversation)).toEqual(["user", "assistant"]);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });

  it.each([PATH, COUNTER])("must be in the caller's own: %s", async (path) => {
    const { id } = await converse(await createUser());
    const other = await createUser();
    await emulation.zero();
    for (const conversation of [id, { id }, "conv_unknown", "../models"]) {
      const response = await other.post(path, asking({ tokens: 1 }, { conversation }));
      expect(response.status).toBe(404);
      expect(await errorOf(response)).toMatchObject({ code: "not_found", param: "conversation" });
    }
    expect(await other.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).by_path).toEqual({ [`${CONVERSATIONS}/:id`]: 3 });
  });
});
