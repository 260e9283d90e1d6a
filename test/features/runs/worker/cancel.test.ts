// uses: slim-chat
// Only DELETE cancels a run, at any moment: it has one ending and one charge, and stays readable.

import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserQuota } from "../../../../src/core/quota/user-quota.ts";
import { errorOf, NOTHING, ONLY_REQUESTS } from "../../../support/caller.ts";
import { DONE, finishChunk, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { passTime } from "../../../support/clock.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { emulation, useCatalog } from "../../../support/workerd.ts";
import { largeCatalog } from "../support/large-answers.ts";
import { waitUntil } from "../support/object-faults.ts";
import { closingOf, joined, lastIdOf, openReader, saidIn, transcriptOf } from "../support/run-events.ts";
import type { RunUser } from "../support/run-user.ts";
import {
  chatsAsked,
  createRunUser,
  eventsOf,
  newKey,
  runsCatalog,
  scripted,
  writeProvider,
} from "../support/run-user.ts";
import { storedEntries, storedRun } from "../support/stored-runs.ts";

beforeEach(async () => {
  await useCatalog(runsCatalog());
  await emulation.zero();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const codeOf = async (sent: Promise<Response>) => {
  const response = await sent;
  return [response.status, (await errorOf(response)).code];
};

/** The number of full parts of answers that are stored. */
const storedParts = async (user: RunUser) =>
  (await storedEntries(user)).filter(([name]) => name.startsWith("part:")).length;

it("a cancelled run stops the provider, tells all readers, is charged once, and stays readable", async () => {
  const user = await createRunUser();
  const key = newKey();
  const body = scripted({ tokens: 9, reasoning: 0, stall_after: 3 });
  const readers = [openReader(await user.start(key, body))];
  await readers[0]?.until(1);
  for (const after of [0, 1]) readers.push(openReader(await user.resume(key, after)));
  const waiting = user.start(key, { ...body, stream: false });
  const cancelled = await Promise.all([user.cancel(key), user.cancel(key)]);
  expect(cancelled.map(({ status }) => status)).toEqual([200, 200]);
  const answers = [...cancelled, await user.cancel(key)];
  const [first, ...others] = await Promise.all(answers.map((response) => response.text()));
  const ending = JSON.parse(first ?? "") as { usage: { usd: number } };
  expect(ending).toEqual({
    finish: "cancelled",
    usage: { usd: expect.any(Number) as number },
    left: expect.anything(),
  });
  expect(others).toEqual([first, first]);
  const spent = await user.settled();
  expect(spent).toMatchObject({ requests: 1, reserved: 0 });
  expect(spent.tokens).toBeGreaterThan(0);

  const [events = [], all = [], rest = []] = await Promise.all(readers.map((reader) => reader.rest()));
  expect(closingOf(events)).toEqual(ending);
  expect(transcriptOf(all)).toBe(transcriptOf(events));
  expect(joined(events.slice(0, 1), rest)).toBe(transcriptOf(events));
  expect(await (await waiting).json()).toEqual({ text: saidIn(events), ...ending });
  expect(await emulation.idle()).toMatchObject({ cancelled: 1 });

  for (let round = 0; round < 2; round++) {
    expect(transcriptOf(await eventsOf(await user.start(key, body)))).toBe(transcriptOf(events));
    expect(joined(events.slice(0, 1), await eventsOf(await user.resume(key, 1)))).toBe(transcriptOf(events));
    expect((await user.resume(key, lastIdOf(events))).status).toBe(204);
    expect(await (await user.cancel(key)).text()).toBe(first);
    await evictDurableObject(user.object());
  }
  expect([await chatsAsked(), await user.settled()]).toEqual([1, spent]);
});

describe("a DELETE before its POST", () => {
  it("is a 404, and the POST is not asked for a minute", async () => {
    const user = await createRunUser();
    const key = newKey();
    const body = scripted({ tokens: 3 });
    expect(await codeOf(user.cancel(key))).toEqual([404, "not_found"]);
    for (const stream of [true, false]) {
      expect(await codeOf(user.start(key, { ...body, stream }))).toEqual([409, "run_cancelled"]);
    }
    expect([await chatsAsked(), await user.settled()]).toEqual([0, NOTHING]);
    passTime(60_001);
    expect((await user.start(key, body)).status).toBe(200);
  });

  it("while the POST reserves cancels it, and the provider is not asked", async () => {
    const user = await createRunUser();
    const key = newKey();
    let isReserving = false;
    let mayReserve = false;
    vi.spyOn(UserQuota.prototype, "reserve").mockImplementationOnce(async function (
      this: UserQuota,
      ...call: Parameters<UserQuota["reserve"]>
    ) {
      isReserving = true;
      await waitUntil(() => mayReserve);
      return this.reserve(...call);
    } as never);
    const started = user.start(key, scripted({ tokens: 3 }));
    await waitUntil(() => isReserving);
    const cancelled = user.cancel(key);
    // Requests that follow the DELETE into the object.
    for (let requests = 0; requests < 3; requests++) expect((await user.whole(key)).status).toBe(202);
    mayReserve = true;
    expect(await (await cancelled).json()).toMatchObject({ finish: "cancelled", usage: { usd: 0 } });
    const events = await eventsOf(await started);
    expect([events.length, closingOf(events).finish]).toEqual([1, "cancelled"]);
    expect([await chatsAsked(), await user.settled()]).toEqual([0, NOTHING]);
  });
});

it("a DELETE at any moment of an answer gives it one ending and one charge, and it stays readable", async () => {
  const body = scripted({ tokens: 6, reasoning: 0, first_ms: 2, delay_ms: 1 });
  const endings = Array.from({ length: 12 }, async (_, moment) => {
    const user = await createRunUser();
    const key = newKey();
    const started = user.start(key, body);
    if (moment === 1) await emulation.busy();
    const reader = moment < 2 ? undefined : openReader(await started);
    await reader?.until(moment - 1);
    const [ending, again] = await Promise.all([user.cancel(key), user.cancel(key)]);
    const first = await started;
    // The first DELETE can overtake the POST.
    if (ending.status === 404) return expect(await user.settled()).toEqual(NOTHING);
    const told = (await ending.json()) as { finish: string; usage: { input: number; output: number } };
    if (again.status === 200) expect(await again.json()).toEqual(told);
    const events = reader ? await reader.rest() : await eventsOf(first);
    expect(closingOf(events)).toEqual(told);
    expect(transcriptOf(await eventsOf(await user.resume(key)))).toBe(transcriptOf(events));
    const spent = await user.settled();
    expect(spent.reserved).toBe(0);
    if (told.finish === "stop") expect(spent.tokens).toBe(told.usage.input + told.usage.output);
    else expect(told.finish).toBe("cancelled");
    return told.finish;
  });
  const finishes = await Promise.all(endings);
  // Some moments are early and some are late, or the test shows nothing.
  expect(finishes).toEqual(expect.arrayContaining(["cancelled", "stop"]));
});

describe("a forgotten run", () => {
  it.each([
    ["that has ended", false],
    ["that is running", true],
  ])("%s leaves no content, and its key starts no other run until it would have expired", async (_what, isRunning) => {
    await useCatalog(largeCatalog({ flush_ms: 100, keep_ms: 60_000 }));
    const user = await createRunUser();
    const key = newKey();
    const { write, end } = await writeProvider(user);
    const body = { input: "What is a weir?" };
    const started = user.start(key, body);
    await write(textChunk("A weir is a low wall. ".repeat(15_000)));
    const reader = openReader(await started);
    await reader.until(1);
    if (!isRunning) {
      await write(finishChunk(), usageChunk(7, 9), DONE);
      await end();
      await reader.rest();
    }
    await repeatUntil(
      () => storedParts(user),
      (parts) => parts > 0,
    );
    expect((await user.forget(key)).status).toBe(204);
    if (isRunning) expect(closingOf(await reader.rest())).toMatchObject({ finish: "cancelled" });
    const spent = await user.settled();
    expect([spent.requests, spent.reserved]).toEqual([1, 0]);

    for (let round = 0; round < 2; round++) {
      expect(await storedParts(user)).toBe(0);
      const run = await storedRun(user, key);
      expect(run).toMatchObject({ state: "forgotten", parts: 0, head: {} });
      expect(run).not.toHaveProperty("rest");
      expect(await codeOf(user.start(key, body))).toEqual([410, "run_forgotten"]);
      expect(await codeOf(user.start(key, { input: "Another" }))).toEqual([422, "idempotency_key_reused"]);
      for (const sent of [user.resume(key), user.whole(key), user.cancel(key)]) {
        expect(await codeOf(sent)).toEqual([404, "not_found"]);
      }
      expect((await user.forget(key)).status).toBe(204);
      await evictDurableObject(user.object());
    }
    expect(await user.settled()).toEqual(spent);
    passTime(60_001);
    await useCatalog(runsCatalog());
    expect((await user.start(key, scripted({ tokens: 2 }))).status).toBe(200);
    expect((await user.settled()).requests).toBe(2);
  });
});

it("a refused run that is cancelled costs nothing more, and is not found", async () => {
  const user = await createRunUser();
  const key = newKey();
  const started = user.start(key, scripted({ tokens: 3, status: 500 }));
  const refused = await codeOf(started);
  expect(refused).toEqual([502, "provider_error"]);
  expect(await codeOf(user.cancel(key))).toEqual([404, "not_found"]);
  expect(await user.settled()).toEqual(ONLY_REQUESTS());
});
