// uses: slim-chat
// What a run stores, and how often: encrypted, never for each event, and nothing where runs are off.

import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../../../src/core/env.ts";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { DONE, finishChunk, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { countWrites, freezeStorage, kill, NO_WRITES, waitUntil } from "../support/object-faults.ts";
import { closingOf, lastIdOf, openReader, saidIn, transcriptOf } from "../support/run-events.ts";
import {
  chatsAsked,
  createRunUser,
  eventsOf,
  newKey,
  runsCatalog,
  scripted,
  writeProvider,
} from "../support/run-user.ts";
import { storageDump, storedEntries, storedRun, storedText, storeRun } from "../support/stored-runs.ts";

beforeEach(async () => {
  await useCatalog(runsCatalog());
  await emulation.zero();
});
afterEach(() => void vi.restoreAllMocks());

it("storage holds no text and no key at any moment, nor do the log and the provider get the key", async () => {
  await useCatalog(runsCatalog({ flush_ms: 100 }));
  const logs = (["log", "warn", "error"] as const).map((level) => vi.spyOn(console, level));
  const user = await createRunUser();
  const key = newKey();
  const secrets = [key, "question", "answer"];
  const expectNone = async () => {
    const dump = await storageDump(user);
    expect(dump).toContain("run:");
    for (const secret of secrets) expect(dump).not.toContain(secret);
  };
  const { write, end, begun } = await writeProvider(user);
  const body = { input: "A secret question." };
  const started = user.start(key, body);
  await begun();
  await expectNone();
  await write(textChunk("A secret "));
  const reader = openReader(await started);
  await repeatUntil(
    () => storedText(user, key),
    (text) => text !== "",
  );
  await expectNone();
  await write(textChunk("answer."), finishChunk(), usageChunk(7, 3), DONE);
  await end();
  expect(saidIn(await reader.rest())).toBe("A secret answer.");
  await user.settled();
  await expectNone();
  expect(await storedText(user, key)).toBe("A secret answer.");
  // The content of a run cannot be read with another key, even by somebody who can write to the storage.
  const other = newKey();
  await storeRun(user, other, (await storedRun(user, key)) ?? {});
  await evictDurableObject(user.object());
  expect(closingOf(await eventsOf(await user.resume(other)))).toMatchObject({ error: { code: "run_interrupted" } });
  await user.forget(key);
  await expectNone();
  await user.start(newKey(), scripted({ tokens: 3 }));
  const { last } = await emulation.stats();
  expect(JSON.stringify(last)).not.toContain(key);
  expect(last?.headers).not.toHaveProperty("idempotency-key");
  expect(JSON.stringify(logs.flatMap(({ mock }) => mock.calls))).not.toContain(key);
});

describe("the writes of a run", () => {
  it("are its start, its end and one alarm, and none for events, readers and repeated requests", async () => {
    const user = await createRunUser();
    const writes = await countWrites(user);
    const key = newKey();
    const body = scripted({ tokens: 200, reasoning: 0, delay_ms: 1 });
    const events = await eventsOf(await user.start(key, body));
    expect(events.length).toBeGreaterThan(20);
    await user.settled();
    expect(writes()).toEqual({ put: 2, delete: 0, alarm: 1 });
    for (const response of [await user.start(key, body), await user.resume(key, 3), await user.whole(key)]) {
      expect(response.status).toBe(200);
      await response.text();
    }
    expect((await user.resume(key, lastIdOf(events))).status).toBe(204);
    expect((await user.cancel(key)).status).toBe(200);
    expect((await user.resume(newKey())).status).toBe(404);
    expect((await user.start(key, { input: "Another" })).status).toBe(422);
    expect(writes()).toEqual({ put: 2, delete: 0, alarm: 1 });
    await eventsOf(await user.start(newKey(), scripted({ tokens: 3 })));
    await user.settled();
    expect(writes()).toEqual({ put: 4, delete: 0, alarm: 1 });
  });

  it("are one for each flush of a long run", async () => {
    await useCatalog(runsCatalog({ flush_ms: 100 }));
    const user = await createRunUser();
    const writes = await countWrites(user);
    const key = newKey();
    const { write, end } = await writeProvider(user);
    const startedAt = Date.now();
    const started = user.start(key, { input: "Is it deep?" });
    await write(textChunk("It is"));
    const reader = openReader(await started);
    await repeatUntil(
      () => storedText(user, key),
      (text) => text === "It is",
    );
    await reader.cut();
    expect(writes().put).toBeGreaterThan(1);
    for (let count = 0; count < 30; count++) await write(textChunk(" very"));
    await write(finishChunk(), usageChunk(7, 3), DONE);
    await end();
    await user.settled();
    expect((await eventsOf(await user.resume(key))).map(({ name }) => name)).toEqual(["text", "done"]);
    const flushes = Math.floor((Date.now() - startedAt) / 100);
    expect(writes().put).toBeLessThanOrEqual(1 + flushes + 1);
    expect(writes()).toMatchObject({ delete: 0, alarm: 1 });
  });

  it("are none for a refused reservation, and a refusal of the provider leaves nothing", async () => {
    const poor = await createRunUser("tiny");
    const none = await countWrites(poor);
    expect((await poor.start(newKey(), scripted({ tokens: 3 }))).status).toBe(429);
    expect(none()).toEqual(NO_WRITES);
    const user = await createRunUser();
    const writes = await countWrites(user);
    expect((await user.start(newKey(), scripted({ tokens: 3, status: 500 }))).status).toBe(502);
    expect(writes()).toEqual({ put: 1, delete: 1, alarm: 1 });
    expect(await storedEntries(user)).toEqual([]);
  });
});

/** Objects of runs that must not be called. */
const UNTOUCHED = {
  getByName: () => {
    throw new Error("an object was called");
  },
} as unknown as Bindings["USER_RUNS"];

describe("where runs are off", () => {
  const forbidden = { runs: false };
  it.each([
    ["in the catalog", () => runsCatalog({ enabled: false })],
    [
      "in the plan",
      () => {
        const catalog = runsCatalog();
        const { roomy } = catalog.plans;
        return { ...catalog, plans: { ...catalog.plans, roomy: { ...roomy, ...forbidden } } };
      },
    ],
    [
      "in the alias",
      () => {
        const catalog = runsCatalog();
        const { default: alias } = catalog.aliases;
        return { ...catalog, aliases: { ...catalog.aliases, default: { ...alias, ...forbidden } } };
      },
    ],
  ])("%s, a key has no effect, and no object is called", async (_where, catalog) => {
    await useCatalog(catalog());
    const user = await createUser(undefined, { USER_RUNS: UNTOUCHED });
    const headers = { "idempotency-key": newKey() };
    for (let round = 1; round <= 2; round++) {
      const response = await user.post("/chat", scripted({ tokens: 3 }), { headers });
      expect([response.status, response.headers.get("weir-run")]).toEqual([200, null]);
      expect(await response.text()).not.toMatch(/^(id|retry):/m);
      expect((await user.settled()).requests).toBe(round);
    }
  });

  it("in the plan that an operator assigned, a chat has no run, is charged once, and nothing is stored", async () => {
    const catalog = runsCatalog();
    const { single } = catalog.plans;
    await useCatalog({ ...catalog, plans: { ...catalog.plans, single: { ...single, ...forbidden } } });
    const user = await createRunUser();
    const decision = { kind: "plan", plan: "single", id: "change", at: Date.now(), reason: "a test" } as const;
    await user.quota.change(decision);
    const key = newKey();
    let tokens = 0;
    for (let round = 1; round <= 2; round++) {
      const response = await user.start(key, scripted({ tokens: 3, reasoning: 0 }, { stream: false }));
      expect([response.status, response.headers.get("weir-run")]).toEqual([200, null]);
      const { usage } = (await response.json()) as { usage: { input: number } };
      tokens += usage.input + 3;
      expect(await user.settled()).toEqual({ tokens, requests: round, reserved: 0 });
      expect([await chatsAsked(), await storedEntries(user)]).toEqual([round, []]);
    }
    expect((await user.resume(key)).status).toBe(404);
  });

  it("in the catalog, reads and cancellations are a 404", async () => {
    const user = await createRunUser();
    const key = newKey();
    await eventsOf(await user.start(key, scripted({ tokens: 3 })));
    await useCatalog(runsCatalog({ enabled: false }));
    for (const sent of [user.resume(key), user.whole(key), user.cancel(key)]) {
      expect(await errorOf(await sent)).toMatchObject({ code: "not_found" });
    }
  });
});

const lose = () => Promise.reject(new Error("lost"));
/** Objects of runs that do not reply. */
const LOST = {
  getByName: () => ({ start: lose, read: lose, cancel: lose }),
} as unknown as Bindings["USER_RUNS"];

it("an object that does not reply is a 503, and the provider is not asked", async () => {
  const user = await createUser(undefined, { USER_RUNS: LOST });
  const key = newKey();
  const headers = { "idempotency-key": key };
  const responses = [
    await user.post("/chat", scripted({ tokens: 3 }), { headers }),
    await user.get(`/chat/${key}`),
    await user.get(`/chat/${key}`, { method: "DELETE" }),
  ];
  for (const response of responses) {
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await errorOf(response)).code).toBe("runs_unavailable");
  }
  expect([await chatsAsked(), await user.settled()]).toEqual([0, NOTHING]);
});

it("a run that is kept in memory only stores no content, and is lost with the object but not charged again", async () => {
  await useCatalog(runsCatalog({ store: "memory", flush_ms: 100 }));
  const user = await createRunUser();
  const key = newKey();
  const { write, end } = await writeProvider(user);
  const body = { input: "What is a weir?" };
  const started = user.start(key, body);
  await write(textChunk("A low "));
  const reader = openReader(await started);
  const writes = await countWrites(user);
  await waitUntil(() => writes().put > 0);
  expect(await storedRun(user, key)).not.toHaveProperty("rest");
  await write(textChunk("wall."), finishChunk(), usageChunk(7, 3), DONE);
  await end();
  const events = await reader.rest();
  const spent = await user.settled();
  for (const response of [await user.resume(key), await user.start(key, body)]) {
    expect(transcriptOf(await eventsOf(response))).toBe(transcriptOf(events));
  }
  expect(await storedRun(user, key)).not.toHaveProperty("rest");
  expect(await storedEntries(user)).toHaveLength(1);
  await kill(user);
  for (const sent of [user.resume(key), user.whole(key), user.cancel(key)]) expect((await sent).status).toBe(404);
  const again = await user.start(key, body);
  expect([again.status, (await errorOf(again)).code]).toEqual([410, "run_forgotten"]);
  expect(await user.settled()).toEqual(spent);
  // One that is lost while it runs is charged by its last flush, like any other.
  const lost = newKey();
  const cut = openReader(await user.start(lost, scripted({ tokens: 5, stall_after: 2 })));
  await cut.until(1);
  await freezeStorage(user);
  const charge = (await storedRun(user, lost))?.lease?.charge;
  await kill(user);
  expect((await user.resume(lost)).status).toBe(404);
  expect(await user.settled()).toEqual({ tokens: spent.tokens + (charge?.tokens ?? NaN), requests: 2, reserved: 0 });
});
