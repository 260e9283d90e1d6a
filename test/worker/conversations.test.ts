// Conversations that the provider keeps: whose they are, and what an answer makes of one.

import { beforeEach, describe, expect, it } from "vitest";
import { change } from "../support/admin.ts";
import { createCaller, errorOf } from "../support/caller.ts";
import { CONVERSATIONS, converse, turnsOf, visit } from "../support/conversations.ts";
import { readUntil } from "../support/events.ts";
import { moderatedCatalog } from "../support/moderated.ts";
import { asking, createSwitchedCatalog, look, PATH, respond, STORING } from "../support/switches.ts";
import { bindings, createSend, createUser, emulation, useCatalog } from "../support/workerd.ts";

const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
const COUNTER = `${PATH}/input_tokens`;

/** What can be asked of a conversation. */
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
    expect(await visit(user, made.id)).toEqual({ status: 200, body: made });
    expect(await turnsOf(user, made.id)).toEqual([]);
    expect(await visit(user, made.id, "DELETE")).toMatchObject({ status: 200, body: { deleted: true } });
    expect((await visit(user, made.id)).status).toBe(404);
    expect(await user.settled()).toEqual(NOTHING);
  });

  it.each(ROUTES)("%s%s is a 404 to any other user, and does nothing", async (method, rest) => {
    const owner = await createUser();
    const { id } = await converse(owner);
    const other = await createUser();
    const mine = await visit(other, `${id}${rest}`, method);
    expect(mine).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
    // What is not there at all is told in the same words.
    const unknown = await visit(other, `conv_unknown${rest}`, method);
    expect(JSON.stringify(unknown).replace("conv_unknown", id)).toBe(JSON.stringify(mine));
    expect((await visit(owner, id)).status).toBe(200);
  });

  it.each(ROUTES)("%s of an id%s that is none never reaches the provider", async (method, rest) => {
    const user = await createUser();
    for (const id of ["nothing", "resp_1", "conv_..", "conv_a%2Fb", "conv_a%3Fb", "..%2Fmodels"]) {
      expect((await visit(user, `${id}${rest}`, method)).status, id).toBe(404);
    }
    expect((await emulation.stats()).requests).toBe(0);
  });

  it.each(ROUTES)("%s%s is refused to a user who is blocked, and to a token that was revoked", async (method, rest) => {
    const user = await createUser();
    const { id } = await converse(user);
    await change(user.subject, { kind: "block" });
    expect((await visit(user, `${id}${rest}`, method)).status).toBe(403);
    expect((await user.post(CONVERSATIONS, {})).status).toBe(403);
    await change(user.subject, { kind: "unblock" });
    await change(user.subject, { kind: "revoke" });
    expect((await visit(user, `${id}${rest}`, method)).status).toBe(401);
  });

  it.each(ROUTES.slice(0, 2))("%s%s takes no query, of which nothing would be passed on", async (method, rest) => {
    const user = await createUser();
    const { id } = await converse(user);
    await emulation.zero();
    const { status, body } = await visit(user, `${id}${rest}?stream=true`, method);
    expect([status, body.error]).toMatchObject([400, { code: "unsupported_parameter", param: "stream" }]);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("belongs to who made it, whatever the metadata say", async () => {
    const owner = await createUser();
    const { metadata } = await converse(owner);
    const forger = await createUser();
    const forged = await converse(forger, {
      metadata: { ...metadata, weir_lease: "a", weir_model: "o4-mini-2025-04-16" },
    });
    expect((await visit(owner, forged.id)).status).toBe(404);
    expect((await visit(forger, forged.id)).status).toBe(200);
    expect((await visit(forger, forged.id, "DELETE")).status).toBe(200);
  });

  it.each([
    ["items, which nobody would have judged", { items: [{ role: "user", content: "Hi" }] }, "items"],
    ["an unknown field", { surprise: 1 }, "surprise"],
    ["metadata that are none", { metadata: "home" }, "metadata"],
  ])("does not begin with %s", async (_, body, param) => {
    const response = await (await createUser()).post(CONVERSATIONS, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param });
    expect((await emulation.stats()).requests).toBe(0);
  });
});

describe("an answer in a conversation", () => {
  it.each([false, true])("is counted with all that was said, and added to it (stream: %s)", async (stream) => {
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
    expect((await turnsOf(user, id)).filter((turn) => turn !== "reasoning")).toEqual([
      "user",
      "assistant",
      "user",
      "assistant",
    ]);
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
  });

  it.each([
    ["a 429 when the conversation grows between its count and its reservation", 429, "insufficient_quota", 200],
    ["a 502 when it can be counted only once", 502, "provider_error", undefined],
  ])("is %s, and nothing is sent", async (_kind, status, code, recounted) => {
    const owner = await createUser();
    const { id: conversation } = await converse(owner);
    const counts = [100, recounted];
    const UPSTREAM = {
      fetch(request: Request) {
        if (new URL(request.url).pathname !== COUNTER) return bindings.UPSTREAM?.fetch(request);
        const count = counts.shift();
        return Promise.resolve(count ? Response.json({ input_tokens: count }) : new Response(null, { status: 500 }));
      },
    } as unknown as Fetcher;
    await emulation.zero();
    const user = createCaller(createSend({ UPSTREAM }), owner.token);
    const response = await user.post(PATH, asking({ tokens: 1 }, { conversation }));
    expect([response.status, (await errorOf(response)).code]).toEqual([status, code]);
    expect(counts).toEqual([]);
    expect((await emulation.stats()).by_path).toEqual({ [`${CONVERSATIONS}/:id`]: 1 });
    expect(await owner.settled()).toEqual(NOTHING);
  });

  it("is not stored itself, unless that is asked for", async () => {
    const user = await createUser();
    const { id: conversation } = await converse(user);
    const { id } = await respond(user, asking({ tokens: 1 }, { conversation }));
    expect((await emulation.stats()).last?.body).toMatchObject({ store: false, conversation });
    await useCatalog(createSwitchedCatalog({ conversations: true, ...STORING }));
    expect((await look(user, id)).status).toBe(404);
  });

  it("in the background is added when it has ended, and settled when its owner asks for it", async () => {
    await useCatalog(createSwitchedCatalog({ conversations: true, ...STORING }));
    const user = await createUser();
    const { id: conversation } = await converse(user);
    const later = { conversation, store: true, background: true };
    const { id } = await respond(user, asking({ tokens: 3, reasoning: 0 }, later));
    expect(await look(user, id)).toMatchObject({ status: 200, body: { status: "completed" } });
    expect(await turnsOf(user, conversation)).toEqual(["user", "assistant"]);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });

  it.each([PATH, COUNTER])("must be in one's own: %s", async (path) => {
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

  it("is not judged in windows, since it could be read there", async () => {
    await useCatalog(moderatedCatalog({ alias: { output: "window" }, responses: { conversations: true } }));
    const user = await createUser();
    const { id: conversation } = await converse(user);
    const response = await user.post(PATH, asking({ tokens: 1 }, { conversation }));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "unsupported_value" });
    expect(await user.settled()).toEqual(NOTHING);
  });
});

describe("where the catalog does not allow conversations", () => {
  it("none is made or shown, naming the switch", async () => {
    await useCatalog(createSwitchedCatalog(STORING));
    const user = await createUser();
    const made = await user.post(CONVERSATIONS, {});
    expect(made.status).toBe(404);
    expect((await errorOf(made)).message).toContain("responses.conversations.");
    for (const [method, rest] of ROUTES) {
      const { status, body } = await visit(user, `conv_1${rest}`, method);
      expect(status).toBe(404);
      expect(body.error?.message).toContain("responses.conversations.");
    }
    expect((await emulation.stats()).requests).toBe(0);
  });
});
