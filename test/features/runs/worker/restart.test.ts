// uses: slim-chat
// An object that is restarted at any moment: the run ends visibly, and is charged once. Afterwards runs expire.

import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserQuota } from "../../../../src/core/quota/user-quota.ts";
import { createQuotaReader, errorOf, spentOf } from "../../../support/caller.ts";
import { DONE, finishChunk, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { AFTER_LEASE_MS, passTime } from "../../../support/clock.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { bindings, emulation, useCatalog } from "../../../support/workerd.ts";
import {
  freezeStorage,
  countWrites,
  kill,
  killAtNextWrite,
  killAtSettlement,
  NO_WRITES,
} from "../support/object-faults.ts";
import { closingOf, joined, lastIdOf, openReader, saidIn, transcriptOf } from "../support/run-events.ts";
import {
  chatsAsked,
  createRunUser,
  eventsOf,
  newKey,
  runsCatalog,
  scripted,
  writeProvider,
} from "../support/run-user.ts";
import { storedEntries, storedRun, storedText, storeRun } from "../support/stored-runs.ts";

const INTERRUPTED_ID = 9_999_999;
/** Later than any run is kept (ms). */
const AFTER_RUN_MS = 1_501_000;

beforeEach(async () => {
  await useCatalog(runsCatalog());
  await emulation.zero();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it("a restart breaks the connection, and the run then has what was stored, its failure, and that charge", async () => {
  // A plain chat would draw from an allotment of a budget of this size.
  const window = { unit: "tokens", per: "month", limit: 1_000_000_000 } as const;
  await useCatalog({ ...runsCatalog({ flush_ms: 100 }), budget: { windows: [window] } });
  const budget = createQuotaReader(bindings.USER_QUOTA.getByName("budget"), () => ({
    windows: [window],
    concurrent: 1,
  }));
  const before = spentOf(await budget());
  const user = await createRunUser();
  const key = newKey();
  const body = { input: "What is a weir?" };
  const { write } = await writeProvider(user);
  const started = user.start(key, body);
  await write(textChunk("A low wall "));
  const reader = openReader(await started);
  await reader.until(1);
  await repeatUntil(
    () => storedText(user, key),
    (text) => text === "A low wall ",
  );
  await freezeStorage(user);
  const flushed = (await storedRun(user, key))?.lease?.charge;
  await write(textChunk("in a river"));
  await reader.until(2);
  await kill(user);
  await expect(reader.rest()).rejects.toThrow();

  const kept = await eventsOf(await user.resume(key));
  expect([saidIn(kept), lastIdOf(kept), closingOf(kept).error?.code]).toEqual([
    "A low wall ",
    INTERRUPTED_ID,
    "run_interrupted",
  ]);
  const spent = { tokens: flushed?.tokens, requests: 1, reserved: 0 };
  expect(await user.settled()).toEqual(spent);
  const budgeted = await repeatUntil(budget, ({ leases }) => leases.running === 0);
  expect(spentOf(budgeted).tokens - before.tokens).toBe(spent.tokens);
  // The phone has seen more than was stored: it gets the failure only, and then nothing.
  const [failed, ...others] = await eventsOf(await user.resume(key, 2));
  expect([failed?.id, others]).toEqual([INTERRUPTED_ID, []]);
  for (let round = 0; round < 2; round++) {
    const writes = await countWrites(user);
    expect(transcriptOf(await eventsOf(await user.start(key, body)))).toBe(transcriptOf(kept));
    expect((await user.resume(key, INTERRUPTED_ID)).status).toBe(204);
    const whole = await user.whole(key);
    expect([whole.status, (await errorOf(whole)).code]).toEqual([502, "run_interrupted"]);
    expect(await (await user.cancel(key)).json()).toEqual(closingOf(kept));
    expect([writes(), await user.settled()]).toEqual([NO_WRITES, spent]);
    await kill(user);
  }
});

describe("a restart before the first text", () => {
  it("before anything is stored leaves a reservation, which the retry uses", async () => {
    const user = await createRunUser("single");
    const key = newKey();
    const body = scripted({ tokens: 5 });
    const reserve = vi.spyOn(UserQuota.prototype, "reserve");
    await killAtNextWrite(user);
    const first = await user.start(key, body);
    const retry = first.status === 200 ? first : await user.start(key, body);
    const events = await eventsOf(retry);
    const { finish, usage } = closingOf(events);
    expect(finish).toBe("stop");
    const keys = reserve.mock.calls.map(([, , reservation]) => reservation.key);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    expect(await chatsAsked()).toBe(1);
    const tokens = (usage?.input ?? NaN) + (usage?.output ?? NaN);
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it("while the provider thinks ends the run, which is charged at least what the provider did", async () => {
    const user = await createRunUser("single");
    const key = newKey();
    const name = key.replaceAll("-", "_");
    const { input } = scripted({ tokens: 5, reasoning: 0, first_ms: 60_000 });
    const started = user.start(key, { input: `${String(input)}\nemulate-bill-${name}` });
    await emulation.reached(name);
    await kill(user);
    expect((await started).status).toBe(503);
    // The provider's connection is closed, and any request for a run frees the place of this one.
    expect(await emulation.idle()).toMatchObject({ cancelled: 1 });
    expect((await user.resume(newKey())).status).toBe(404);
    const spent = await user.settled();
    const [billed] = await emulation.billed(name);
    expect(spent.tokens).toBeGreaterThanOrEqual((billed?.input ?? NaN) + (billed?.output ?? NaN));
    expect((await user.start(newKey(), scripted({ tokens: 2 }))).status).toBe(200);
    expect(closingOf(await eventsOf(await user.resume(key)))).toMatchObject({ error: { code: "run_interrupted" } });
  });
});

it.each(["before", "after"] as const)(
  "a restart when the answer is complete, %s it is settled, charges it once and ends it visibly",
  async (moment) => {
    const user = await createRunUser();
    const key = newKey();
    const { write, end } = await writeProvider(user);
    const killed = killAtSettlement(user, moment);
    const started = user.start(key, { input: "Is it deep?" });
    await write(textChunk("It is."));
    const reader = openReader(await started);
    const charge = (await storedRun(user, key))?.lease?.charge;
    await write(finishChunk(), usageChunk(7, 3), DONE);
    await end();
    await killed();
    await expect(reader.rest()).rejects.toThrow();
    // Another restart, while the run is ended.
    const killedAgain = killAtSettlement(user, moment);
    const lost = user.resume(key);
    await killedAgain();
    expect([200, 503]).toContain((await lost).status);
    const events = await eventsOf(await user.resume(key));
    expect(closingOf(events)).toMatchObject({ error: { code: "run_interrupted" } });
    const spent = { tokens: moment === "after" ? 10 : charge?.tokens, requests: 1, reserved: 0 };
    expect(await user.settled()).toEqual(spent);
    await kill(user);
    expect(transcriptOf(await eventsOf(await user.start(key, { input: "Is it deep?" })))).toBe(transcriptOf(events));
    expect(await user.settled()).toEqual(spent);
  },
);

it("a restart between a failure and its settlement leaves no reservation", async () => {
  const user = await createRunUser();
  const key = newKey();
  const killed = killAtSettlement(user, "before");
  // Without usage, a failure is sent before the input is counted and the charge is settled.
  const live = await eventsOf(await user.start(key, scripted({ tokens: 9, delay_ms: 1, cut_after: 4 })));
  expect(closingOf(live)).toMatchObject({ error: { code: "provider_error" } });
  const charge = (await storedRun(user, key))?.lease?.charge;
  await killed();
  expect(closingOf(await eventsOf(await user.resume(key)))).toMatchObject({ error: { code: "run_interrupted" } });
  expect(await user.settled()).toEqual({ tokens: charge?.tokens, requests: 1, reserved: 0 });
});

it("a run whose settlement failed keeps its key, and is charged exactly once when the ledger can be reached", async () => {
  const user = await createRunUser();
  const [answered, refused, unread] = [newKey(), newKey(), newKey()];
  const body = scripted({ tokens: 3, reasoning: 0 });
  const failing = scripted({ tokens: 3, status: 500 });
  const settle = vi.spyOn(UserQuota.prototype, "settle").mockImplementation(() => {
    throw new Error("unreachable");
  });
  const events = await eventsOf(await user.start(answered, body));
  expect((await user.start(refused, failing)).status).toBe(502);
  await eventsOf(await user.start(unread, body));
  for (const key of [answered, refused, unread]) {
    await repeatUntil(
      () => storedRun(user, key),
      (run) => run?.state === "ended",
    );
  }
  // The next requests for the first two settle them.
  expect((await user.resume(answered)).status).toBe(503);
  expect((await user.usage()).leases.running).toBe(3);
  settle.mockRestore();
  const { usage } = closingOf(events);
  const tokens = (usage?.input ?? NaN) + 3;
  for (let round = 0; round < 2; round++) {
    expect(transcriptOf(await eventsOf(await user.start(answered, body)))).toBe(transcriptOf(events));
    const failed = await eventsOf(await user.start(refused, failing));
    expect(closingOf(failed)).toMatchObject({ error: { code: "provider_error" } });
  }
  expect(spentOf(await user.usage())).toMatchObject({ tokens, requests: 2 });
  expect(await storedRun(user, answered)).not.toHaveProperty("lease");
  // The object settles the last one when it starts again.
  await kill(user);
  expect((await user.resume(newKey())).status).toBe(404);
  expect(await user.settled()).toEqual({ tokens: 2 * tokens, requests: 3, reserved: 0 });
  expect(closingOf(await eventsOf(await user.resume(unread)))).toMatchObject({ finish: "stop" });
  expect(await chatsAsked()).toBe(3);
});

describe("the alarm", () => {
  it("settles a run that was lost and never read, corrects its expired lease, and deletes everything", async () => {
    const user = await createRunUser();
    const key = newKey();
    const reader = openReader(await user.start(key, scripted({ tokens: 5, stall_after: 2 })));
    await reader.until(1);
    const charge = (await storedRun(user, key))?.lease?.charge;
    await kill(user);
    await expect(reader.rest()).rejects.toThrow();
    passTime(AFTER_LEASE_MS);
    expect(await runDurableObjectAlarm(user.quota)).toBe(true);
    const expired = await user.settled();
    expect(expired.tokens).toBeGreaterThan(charge?.tokens ?? NaN);
    passTime(AFTER_RUN_MS);
    expect(await runDurableObjectAlarm(user.object())).toBe(true);
    expect(await user.settled()).toEqual({ tokens: charge?.tokens, requests: 1, reserved: 0 });
    expect(await storedEntries(user)).toEqual([]);
    expect(await user.inside(({ storage }) => storage.getAlarm())).toBeNull();
  });

  it("is tried again when the ledger cannot be reached, and leaves runs that are still kept", async () => {
    const user = await createRunUser();
    const lost = newKey();
    const reader = openReader(await user.start(lost, scripted({ tokens: 5, stall_after: 2 })));
    await reader.until(1);
    await kill(user);
    passTime(AFTER_RUN_MS);
    const settle = vi.spyOn(UserQuota.prototype, "settle").mockImplementation(() => {
      throw new Error("unreachable");
    });
    await runDurableObjectAlarm(user.object());
    expect(await storedEntries(user)).toHaveLength(1);
    settle.mockRestore();
    const kept = newKey();
    const events = await eventsOf(await user.start(kept, scripted({ tokens: 3 })));
    expect(await runDurableObjectAlarm(user.object())).toBe(true);
    expect((await user.resume(lost)).status).toBe(404);
    expect(transcriptOf(await eventsOf(await user.resume(kept)))).toBe(transcriptOf(events));
    expect((await user.settled()).requests).toBe(2);
    passTime(AFTER_RUN_MS);
    expect(await runDurableObjectAlarm(user.object())).toBe(true);
    expect(await storedEntries(user)).toEqual([]);
  });
});

it("after `keep_ms` a run is gone, and its key starts and pays another one, again and again", async () => {
  await useCatalog(runsCatalog({ keep_ms: 60_000 }));
  const user = await createRunUser();
  const key = newKey();
  let tokens = 0;
  for (let round = 1; round <= 3; round++) {
    const body = scripted({ tokens: round, reasoning: 0 });
    const events = await eventsOf(await user.start(key, body));
    const { usage } = closingOf(events);
    tokens += (usage?.input ?? NaN) + round;
    expect(await user.settled()).toEqual({ tokens, requests: round, reserved: 0 });
    passTime(59_000);
    expect(joined([], await eventsOf(await user.resume(key)))).toBe(transcriptOf(events));
    passTime(1001);
    expect((await user.resume(key)).status).toBe(404);
    expect((await user.whole(key)).status).toBe(404);
    // An evicted object has forgotten which reservations the key has used.
    await evictDurableObject(user.object());
  }
  expect(await chatsAsked()).toBe(3);
});

it("nothing keeps the object in memory after runs of every kind", async () => {
  const user = await createRunUser();
  const stalled = scripted({ tokens: 9, stall_after: 2 });
  const cancelled = newKey();
  const cut = openReader(await user.start(cancelled, stalled));
  await cut.until(1);
  await cut.cut();
  const unread = await user.start(cancelled, stalled);
  await user.cancel(cancelled);
  for (const body of [
    { tokens: 3, status: 500 },
    { tokens: 3, status: 504 },
    { tokens: 9, delay_ms: 1, cut_after: 2 },
  ]) {
    await (await user.start(newKey(), scripted(body))).text();
  }
  await (await user.start(newKey(), scripted({ tokens: 3 }, { stream: false }))).text();
  await unread.body?.cancel();
  await user.settled();
  const evictedAt = Date.now();
  await evictDurableObject(user.object());
  // A timer that is left would delay it, by 5 s or more.
  expect(Date.now() - evictedAt).toBeLessThan(3000);
});

describe("a stored run that cannot be read", () => {
  it("because another version has stored it is a 503 until the alarm deletes it", async () => {
    const user = await createRunUser();
    const key = newKey();
    const body = scripted({ tokens: 3 });
    await eventsOf(await user.start(key, body));
    const spent = await user.settled();
    await storeRun(user, key, { ...(await storedRun(user, key)), v: 2 });
    await evictDurableObject(user.object());
    for (const sent of [user.start(key, body), user.resume(key), user.whole(key), user.cancel(key), user.forget(key)]) {
      const response = await sent;
      expect([response.status, (await errorOf(response)).code]).toEqual([503, "runs_unavailable"]);
    }
    // During a deployment, the Worker can have another version than the object.
    const read = { v: 2 as never, name: user.name, key, after: 0, form: "stream" } as const;
    expect(await user.object().read(read)).toMatchObject({ kind: "refused", status: 503 });
    expect((await user.start(newKey(), body)).status).toBe(200);
    expect(await user.settled()).toEqual({ tokens: 2 * spent.tokens, requests: 2, reserved: 0 });
    passTime(AFTER_RUN_MS);
    await runDurableObjectAlarm(user.object());
    expect(await storedEntries(user)).toEqual([]);
  });

  it("because it is damaged, or another run's, ends with `run_interrupted`", async () => {
    const user = await createRunUser();
    const keys = [newKey(), newKey()] as const;
    const body = scripted({ tokens: 3 });
    for (const key of keys) await eventsOf(await user.start(key, body));
    const spent = await user.settled();
    const [damaged, other] = await Promise.all(keys.map((key) => storedRun(user, key)));
    const bytes = Uint8Array.from(damaged?.rest ?? []);
    bytes.set([(bytes.at(-1) ?? 0) ^ 1], bytes.length - 1);
    await storeRun(user, keys[0], { ...damaged, rest: bytes });
    await storeRun(user, keys[1], { ...other, rest: damaged?.rest });
    await evictDurableObject(user.object());
    for (const key of keys) {
      const events = await eventsOf(await user.resume(key));
      expect([events.length, closingOf(events).error?.code]).toEqual([1, "run_interrupted"]);
      expect((await user.whole(key)).status).toBe(502);
      expect(await (await user.cancel(key)).json()).toEqual(closingOf(events));
      expect((await user.forget(key)).status).toBe(204);
    }
    expect(await user.settled()).toEqual(spent);
  });
});
