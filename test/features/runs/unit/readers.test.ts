// uses: slim-chat
// The readers of a run: each receives everything at its own pace, and none holds up another, the run or the object.

import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { RunEvent } from "../../../../src/features/runs/log.ts";
import { createLog, INTERRUPTED_ID, MAX_LOG_LENGTH } from "../../../../src/features/runs/log.ts";
import { createReaders } from "../../../../src/features/runs/readers.ts";
import { createFakeClock } from "../../../core/support/fake-clock.ts";
import { provideIdentityStreams } from "../../../core/support/identity-stream.ts";
import { fromUtf8 } from "../../../support/chat-chunks.ts";
import { joined, lastIdOf, readRunEvents, saidIn, transcriptOf } from "../support/run-events.ts";
import { arbitraryEvents, DONE, textEvent } from "../support/run-logs.ts";

beforeAll(provideIdentityStreams);

/** A run without a provider. `say` appends events and notifies the readers. */
function createRun() {
  const clock = createFakeClock();
  const log = createLog();
  const seen = { emptied: 0 };
  const readers = createReaders(log, clock, () => (seen.emptied += 1));
  /** A reader that receives nothing before its first read. */
  const attach = (after = 0) => {
    const reader = readers.add(after).getReader();
    const received = { text: "", chunks: 0, end: "open" };
    const step = async () => {
      const { done, value } = await reader.read();
      if (done) received.end = "complete";
      received.text += fromUtf8(value ?? new Uint8Array());
      received.chunks += 1;
      return !done;
    };
    const rest = async () => {
      while (await step());
    };
    return {
      received,
      events: () => readRunEvents(received.text),
      /** Reads one chunk. */
      step,
      /** Reads on, to the end. */
      read: () => void rest().catch(() => (received.end = "cut")),
      leave: () => reader.cancel(),
    };
  };
  const say = async (...events: RunEvent[]) => {
    for (const event of events) log.append(event);
    readers.notify();
    await clock.idle();
  };
  return { clock, log, readers, seen, attach, say };
}

const texts = (count: number, text: string) => Array.from({ length: count }, () => textEvent(text));

describe("a reader", () => {
  it("receives the events after its position, then each new one, and the end", async () => {
    const { attach, say, readers, seen } = createRun();
    await say(textEvent("A "), textEvent("weir "), textEvent("holds "));
    const reader = attach(1);
    reader.read();
    await say(textEvent("water."));
    expect(reader.received.text).toBe('retry:1000\n\nid:3\ndata:"weir holds "\n\nid:4\ndata:"water."\n\n');
    await say(DONE);
    expect([reader.events().at(-1)?.id, reader.received.end]).toEqual([5, "complete"]);
    expect([readers.count, seen.emptied]).toEqual([0, 1]);
  });

  it("that is slow holds up no other, and receives the same text in few events", async () => {
    const { attach, say } = createRun();
    const [fast, slow] = [attach(), attach()];
    fast.read();
    for (let at = 0; at < 300; at++) await say(textEvent(`${at} `.repeat(300)));
    expect(lastIdOf(fast.events())).toBe(300);
    expect(slow.received.text).toBe("");
    await say(DONE);
    slow.read();
    await say();
    expect(transcriptOf(slow.events())).toBe(transcriptOf(fast.events()));
    expect(slow.events().length).toBeLessThan(10);
    // What it has not read is in the log alone.
    expect(slow.received.text.length / slow.received.chunks).toBeLessThan(70_000);
  });

  it("gets a comment while it waits, and none behind a write that is pending", async () => {
    const { attach, readers, clock } = createRun();
    const [waiting, stuck] = [attach(), attach()];
    waiting.read();
    await clock.idle();
    readers.keepAlive();
    readers.keepAlive();
    await clock.idle();
    expect(waiting.received.text).toBe("retry:1000\n\n:\n\n");
    stuck.read();
    await clock.idle();
    expect(stuck.received.text).toBe("retry:1000\n\n");
  });

  it("that has left is noticed at the next write, and only the last one to leave is reported", async () => {
    const { attach, say, readers, seen } = createRun();
    const [one, other] = [attach(), attach()];
    one.read();
    other.read();
    await say();
    await one.leave();
    await say(textEvent("A"));
    expect([readers.count, seen.emptied]).toEqual([1, 0]);
    await other.leave();
    readers.keepAlive();
    await say();
    expect([readers.count, seen.emptied]).toEqual([0, 1]);
    await say(textEvent("weir"), DONE);
    expect(seen.emptied).toBe(1);
  });

  it("receives everything once, whatever others do: events, slow reads, resumes and cuts", async () => {
    const step = fc.oneof(
      fc.record({ say: fc.nat({ max: 3 }) }),
      fc.record({ attach: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ read: fc.nat({ max: 5 }) }),
      fc.record({ leave: fc.nat({ max: 5 }) }),
    );
    const given = [arbitraryEvents, fc.array(step, { maxLength: 25 })] as const;
    const property = fc.asyncProperty(...given, async (events, steps) => {
      const { attach, say, log, clock, readers } = createRun();
      const attached: { from: number; reader: ReturnType<typeof attach> }[] = [];
      const all = [...events, DONE];
      const left = new Set<number>();
      for (const next of steps) {
        if ("say" in next) await say(...all.slice(log.count, Math.min(log.count + next.say, events.length)));
        else if ("attach" in next) {
          const from = Math.floor(next.attach * log.count);
          attached.push({ from, reader: attach(from) });
        } else if ("read" in next) attached[next.read]?.reader.read();
        else if (attached[next.leave]) {
          left.add(next.leave);
          void attached[next.leave]?.reader.leave();
        }
        if ("read" in next) await clock.idle();
      }
      await say(...all.slice(log.count));
      for (const { reader } of attached) reader.read();
      await clock.idle();
      const numbered = all.map(({ name, data }, index) => ({ name, data, id: index + 1 }));
      for (const [index, { from, reader }] of attached.entries()) {
        if (left.has(index)) continue;
        expect(joined(reader.events())).toBe(transcriptOf(numbered.slice(from)));
        expect(reader.received.end).toBe("complete");
      }
      expect([readers.count, clock.pending]).toEqual([0, 0]);
    });
    await fc.assert(property, { numRuns: 40 });
  });
});

describe("a reader that reads nothing", () => {
  it("is cut 30 s after the end of the run, not before, and leaves no timer", async () => {
    const { attach, say, readers, clock, seen } = createRun();
    const stuck = attach();
    await say(...texts(5, "A weir. "));
    await clock.advance(600_000);
    expect([readers.count, clock.pending]).toEqual([1, 0]);
    await say(DONE);
    await clock.advance(29_999);
    expect([readers.count, clock.pending]).toEqual([1, 1]);
    await clock.advance(1);
    expect([readers.count, clock.pending, seen.emptied]).toEqual([0, 0, 1]);
    stuck.read();
    await say();
    expect(stuck.received).toMatchObject({ text: "", end: "cut" });
  });

  it("is not cut while it takes something every 30 s", async () => {
    const { attach, say, clock, readers } = createRun();
    const slow = attach();
    await say(...texts(20, "x".repeat(20_000)), DONE);
    do await clock.advance(29_000);
    while (await slow.step());
    expect(saidIn(slow.events())).toBe("x".repeat(400_000));
    expect(slow.received.chunks).toBeGreaterThan(6);
    expect([readers.count, clock.pending, slow.received.end]).toEqual([0, 0, "complete"]);
  });
});

describe("of more than 32 readers", () => {
  it("the oldest are cut at once, also while the run is silent, and can resume", async () => {
    const { attach, say, readers, clock } = createRun();
    await say(textEvent("A weir "));
    const all = Array.from({ length: 32 }, () => attach());
    for (const reader of all) reader.read();
    await clock.idle();
    const more = [attach(), attach(), attach()];
    for (const reader of more) reader.read();
    await clock.idle();
    expect(readers.count).toBe(32);
    expect(all.map(({ received }) => received.end)).toEqual([...Array(3).fill("cut"), ...Array(29).fill("open")]);
    const [first] = all;
    const resumed = attach(lastIdOf(first?.events() ?? []));
    resumed.read();
    await say(textEvent("holds water."), DONE);
    expect(saidIn([...(first?.events() ?? []), ...resumed.events()])).toBe("A weir holds water.");
    expect([readers.count, clock.pending]).toEqual([0, 0]);
  });

  it("one that is stuck is cut, too", async () => {
    const { attach, clock, readers } = createRun();
    const stuck = attach();
    for (let count = 0; count < 32; count++) attach().read();
    await clock.idle();
    stuck.read();
    await clock.idle();
    expect([stuck.received.end, readers.count]).toEqual(["cut", 32]);
  });
});

it("a reader that is too far behind a large answer gets `run_too_large`, and one that follows gets all of it", async () => {
  const { attach, say, log, readers } = createRun();
  const [fast, slow] = [attach(), attach()];
  fast.read();
  for (let at = 0; at < 90; at++) await say(textEvent("x".repeat(MAX_LOG_LENGTH / 80)));
  expect(log.dropped).toBeGreaterThan(9);
  slow.read();
  await say();
  expect(slow.events()).toMatchObject([{ id: INTERRUPTED_ID, name: "failed" }]);
  expect(JSON.parse(slow.events()[0]?.data ?? "")).toMatchObject({ error: { code: "run_too_large" } });
  expect([slow.received.end, readers.count]).toEqual(["complete", 1]);
  await say(DONE);
  expect([saidIn(fast.events()).length, fast.received.end]).toEqual([90 * Math.floor(MAX_LOG_LENGTH / 80), "complete"]);
});
