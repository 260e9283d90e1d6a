// uses: slim-chat
// A key names one run: every request with it attaches to that run, which is asked and charged once.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { DONE, finishChunk, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { emulate } from "../../../support/emulation.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { closingOf, openReader, readRunEvents, saidIn, transcriptOf } from "../support/run-events.ts";
import {
  chatsAsked,
  createRunUser,
  eventsOf,
  newKey,
  runsCatalog,
  scripted,
  writeProvider,
} from "../support/run-user.ts";

const LOOK = {
  name: "look",
  description: "Looks at a place.",
  parameters: { type: "object", properties: { at: { type: "string" } }, required: ["at"] },
};

beforeEach(async () => {
  await useCatalog(runsCatalog());
  await emulation.zero();
});

describe("the events of a run", () => {
  it.each([
    [
      "thinking and text",
      scripted({ tokens: 6, reasoning: 30, first_ms: 40 }, { model: "o4-mini", reasoning: "summary" }),
      ["thinking", "text", "done"],
    ],
    ["a tool call", { input: "Look at the weir.", tools: [LOOK] }, ["tool", "done"]],
    ["an error", scripted({ tokens: 9, delay_ms: 1, error_after: 4 }), ["text", "failed"]],
  ])("are numbered from 1 without a gap, and comments are not: %s", async (_what, body, names) => {
    await useCatalog(runsCatalog({}, { keep_alive_ms: 10 }));
    const user = await createRunUser();
    const key = newKey();
    const response = await user.start(key, body);
    const text = await response.text();
    const events = readRunEvents(text);
    expect(events.map(({ id }) => id)).toEqual(events.map((_event, index) => index + 1));
    expect([...new Set(events.map(({ name }) => name))]).toEqual(names);
    expect(text.startsWith("retry:1000\n\n")).toBe(true);
    // On a busy machine, the others can have comments too.
    if (names[0] === "thinking") expect(text).toContain("\n\n:\n\n");
    expect(response.headers.get("weir-run")).toBe(key);
    expect(transcriptOf(await eventsOf(await user.resume(key)))).toBe(transcriptOf(events));
  });

  it("have no ids without a key", async () => {
    const response = await (await createUser()).post("/chat", scripted({ tokens: 3 }));
    expect(response.headers.get("weir-run")).toBeNull();
    expect(await response.text()).not.toMatch(/^(id|retry):/m);
  });
});

it("the same request after the end gets the same answer, which was asked and charged once", async () => {
  const user = await createRunUser();
  const key = newKey();
  const first = await user.start(
    key,
    scripted({ tokens: 12, reasoning: 5 }, { max_output_tokens: 100, effort: "low" }),
  );
  const events = await eventsOf(first);
  const { usage } = closingOf(events);
  const spent = { tokens: (usage?.input ?? NaN) + (usage?.output ?? NaN), requests: 1, reserved: 0 };
  expect(await user.settled()).toEqual(spent);
  // The key in quotes, and the body in another order of keys and as JSON.
  const reordered = {
    stream: false,
    effort: "low",
    max_output_tokens: 100,
    input: emulate({ tokens: 12, reasoning: 5 }),
  };
  const whole = await user.start(key, reordered, { "idempotency-key": `"${key}"` });
  expect(await whole.json()).toEqual({ text: saidIn(events), ...closingOf(events) });
  const again = await user.start(key, { ...reordered, stream: true });
  expect(transcriptOf(await eventsOf(again))).toBe(transcriptOf(events));
  for (const { status, headers } of [whole, again]) {
    expect([status, headers.get("idempotent-replayed"), headers.get("weir-run")]).toEqual([200, "true", key]);
    const kept = ["weir-model", "weir-revision", "weir-attempts", "weir-max-output-tokens"];
    expect(kept.map((name) => headers.get(name))).toEqual(kept.map((name) => first.headers.get(name)));
    expect([...headers.keys()].filter((name) => /ratelimit|timing/.test(name))).toEqual([]);
  }
  expect(first.headers.get("idempotent-replayed")).toBeNull();
  expect(await chatsAsked()).toBe(1);
  expect(await user.settled()).toEqual(spent);
});

const times = (count: number, send: () => Promise<Response>) => Promise.all(Array.from({ length: count }, send));

it("forty requests at once with one key, of all kinds, ask the provider once and get the same answer", async () => {
  const user = await createRunUser("single");
  const key = newKey();
  const body = scripted({ tokens: 20, reasoning: 0, delay_ms: 2, first_ms: 20 });
  const streams = times(20, () => user.start(key, body));
  const wholes = times(10, () => user.start(key, { ...body, stream: false }));
  const reads = times(5, () => user.resume(key));
  const states = times(5, () => user.whole(key));
  const started = [...(await streams), ...(await reads)];
  const transcripts = await Promise.all(started.map(async (response) => transcriptOf(await eventsOf(response))));
  expect(new Set(transcripts).size).toBe(1);
  expect(started.filter(({ headers }) => headers.get("idempotent-replayed") === null)).toHaveLength(1);
  const whole = await Promise.all((await wholes).map((response) => response.text()));
  expect(new Set(whole).size).toBe(1);
  expect((await states).map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
  const { usage } = JSON.parse(whole[0] ?? "") as { usage: { input: number; output: number } };
  expect(await chatsAsked()).toBe(1);
  expect(await user.settled()).toEqual({ tokens: usage.input + usage.output, requests: 1, reserved: 0 });
});

it("twenty requests at once with one key and two bodies: one of them is asked, the others get 422", async () => {
  const user = await createRunUser();
  const key = newKey();
  const responses = await Promise.all(
    Array.from({ length: 20 }, (_, index) => user.start(key, scripted({ tokens: 4 + (index % 2) }))),
  );
  const winners = responses.filter(({ status }) => status === 200);
  const losers = responses.filter(({ status }) => status === 422);
  expect([winners.length, losers.length]).toEqual([10, 10]);
  const errors = await Promise.all(losers.map(errorOf));
  expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["idempotency_key_reused"]));
  const transcripts = await Promise.all(winners.map(async (winner) => transcriptOf(await eventsOf(winner))));
  expect(new Set(transcripts).size).toBe(1);
  expect(await chatsAsked()).toBe(1);
  expect((await user.settled()).requests).toBe(1);
  // The difference is told after the end, too.
  const other = await Promise.all([4, 5].map((tokens) => user.start(key, scripted({ tokens }))));
  expect(new Set(other.map(({ status }) => status))).toEqual(new Set([200, 422]));
});

describe("before the provider's first text", () => {
  it("every request waits, and gets the same answer", async () => {
    const user = await createRunUser();
    const key = newKey();
    const body = { input: "Is it deep?" };
    const { write, begun, end } = await writeProvider(user);
    const first = user.start(key, body);
    await begun();
    const retry = user.start(key, body, { "last-event-id": "0" });
    const read = user.resume(key);
    const state = await user.whole(key);
    expect([state.status, state.headers.get("retry-after")]).toEqual([202, "1"]);
    expect(await state.json()).toEqual({ status: "running", events: 0 });
    await write(textChunk("It is."), finishChunk(), usageChunk(7, 3), DONE);
    await end();
    const [answer, ...others] = await Promise.all([first, retry, read].map(async (each) => eventsOf(await each)));
    expect(saidIn(answer ?? [])).toBe("It is.");
    for (const other of others) expect(transcriptOf(other)).toBe(transcriptOf(answer ?? []));
    expect(await user.settled()).toEqual({ tokens: 10, requests: 1, reserved: 0 });
  });

  it("a refusal goes to all who wait, costs no tokens, and frees the key", async () => {
    const user = await createRunUser();
    const key = newKey();
    const name = key.replaceAll("-", "_");
    const script = { tokens: 4, reasoning: 0, first_ms: 60, status: 500, fault_times: 1 };
    const body = { input: `${emulate(script)}\nemulate-bill-${name}` };
    const started = times(3, () => user.start(key, body));
    await emulation.reached(name);
    const others = [user.resume(key), user.start(key, { ...body, stream: false })];
    expect((await user.whole(key)).status).toBe(202);
    const responses = [...(await started), ...(await Promise.all(others))];
    const errors = await Promise.all(responses.map(errorOf));
    expect(responses.map(({ status }) => status)).toEqual([502, 502, 502, 502, 502]);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["provider_error"]));
    expect(await user.settled()).toEqual(ONLY_REQUESTS());
    expect((await user.resume(key)).status).toBe(404);
    // Another body, too: nothing of the refused request is left.
    const events = await eventsOf(await user.start(key, { ...body, max_output_tokens: 50 }));
    const { usage } = closingOf(events);
    expect(await chatsAsked()).toBe(2);
    expect(await user.settled()).toEqual({ tokens: (usage?.input ?? NaN) + 4, requests: 2, reserved: 0 });
  });

  it("a failure that was charged keeps the key, so that a retry is not charged again", async () => {
    const user = await createRunUser();
    const key = newKey();
    const body = scripted({ tokens: 4, status: 504 });
    const [first, retry] = await Promise.all([user.start(key, body), user.start(key, body)]);
    expect([first.status, retry.status]).toEqual([504, 504]);
    const spent = await user.settled();
    expect(spent.tokens).toBeGreaterThan(0);
    expect((await user.start(key, { ...body, stream: false })).status).toBe(504);
    expect(closingOf(await eventsOf(await user.start(key, body)))).toMatchObject({
      error: { code: "provider_timeout" },
    });
    expect([await chatsAsked(), await user.settled()]).toEqual([1, spent]);
  });
});

describe("a run that exists is read", () => {
  it("with an exhausted quota, and a new key gets 429", async () => {
    const user = await createRunUser("once");
    const key = newKey();
    const body = scripted({ tokens: 5 });
    const events = await eventsOf(await user.start(key, body));
    expect(transcriptOf(await eventsOf(await user.start(key, body)))).toBe(transcriptOf(events));
    expect((await user.resume(key, 1)).status).toBe(200);
    const refused = newKey();
    for (let retries = 0; retries < 2; retries++) {
      const response = await user.start(refused, body);
      expect([response.status, (await errorOf(response)).code]).toEqual([429, "insufficient_quota"]);
    }
    expect((await user.resume(refused)).status).toBe(404);
    expect(await chatsAsked()).toBe(1);
  });

  it.each([
    ["user is blocked", { kind: "block" } as const, 403],
    ["token is revoked", { kind: "revoke", before: Date.now() + 60_000 } as const, 401],
  ])("although its %s, and a new key is refused", async (_what, decision, status) => {
    const user = await createRunUser();
    const key = newKey();
    const body = scripted({ tokens: 5 });
    const events = await eventsOf(await user.start(key, body));
    await user.quota.change({ ...decision, id: "change", at: Date.now(), reason: "a test" });
    for (const response of [await user.start(key, body), await user.resume(key)]) {
      expect(transcriptOf(await eventsOf(response))).toBe(transcriptOf(events));
    }
    expect((await user.start(newKey(), body)).status).toBe(status);
    expect((await user.cancel(key)).status).toBe(200);
  });

  it("while it holds the only place of its plan, and a new key gets 429 until it is cancelled", async () => {
    const user = await createRunUser("single");
    const key = newKey();
    const body = scripted({ tokens: 5, stall_after: 3 });
    const reader = openReader(await user.start(key, body));
    await reader.until(2);
    await reader.cut();
    expect((await user.start(key, body)).status).toBe(200);
    const refused = await user.start(newKey(), scripted({ tokens: 5 }));
    expect([refused.status, (await errorOf(refused)).code]).toEqual([429, "concurrency_limit_exceeded"]);
    await user.cancel(key);
    expect((await user.start(newKey(), scripted({ tokens: 5 }))).status).toBe(200);
  });
});

it("another user with the same key has another run, and nobody else can read or cancel it", async () => {
  const [user, other, stranger] = await Promise.all([createRunUser(), createRunUser(), createRunUser()]);
  const key = newKey();
  const reader = openReader(await user.start(key, scripted({ tokens: 6, reasoning: 0, stall_after: 3 })));
  await reader.until(1);
  const others = await eventsOf(await other.start(key, scripted({ tokens: 2, reasoning: 0 })));
  expect(closingOf(others)).toMatchObject({ finish: "stop", usage: { output: 2 } });
  const { resume, whole, cancel, forget } = stranger;
  const misses = await Promise.all([resume(key), whole(key), cancel(key), forget(key), resume(newKey()), resume("x")]);
  expect(misses.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
  expect(new Set(await Promise.all(misses.map((response) => response.text()))).size).toBe(1);
  expect(await (await user.whole(key)).json()).toMatchObject({ status: "running" });
  await user.cancel(key);
  expect(closingOf(await reader.rest())).toMatchObject({ finish: "cancelled" });
  expect(transcriptOf(await eventsOf(await other.resume(key)))).toBe(transcriptOf(others));
  expect([await chatsAsked(), (await user.settled()).requests, (await other.settled()).requests]).toEqual([2, 1, 1]);
});

it("a key that is too short, and two keys, are a 400, and the provider is not asked", async () => {
  const user = await createRunUser();
  for (const key of ["short-key", "", `${newKey()}, ${newKey()}`]) {
    const response = await user.start(key, scripted({ tokens: 3 }));
    expect([response.status, (await errorOf(response)).code]).toEqual([400, "invalid_idempotency_key"]);
  }
  expect(await chatsAsked()).toBe(0);
});
