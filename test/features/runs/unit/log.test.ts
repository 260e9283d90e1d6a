// uses: slim-chat
// The log of a run: numbered events, and replays that lose and repeat nothing.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../../src/features/runs/log.ts";
import { createLog, MAX_LOG_LENGTH, readFrame, toFrame } from "../../../../src/features/runs/log.ts";
import type { ReceivedEvent } from "../support/run-events.ts";
import { lastIdOf, readRunEvents, transcriptOf } from "../support/run-events.ts";
import { arbitraryEvents, DONE, textEvent } from "../support/run-logs.ts";

const logOf = (...events: RunEvent[]) => {
  const log = createLog();
  for (const event of events) log.append(event);
  return log;
};
/** The events in one uninterrupted read. */
const numbered = (events: RunEvent[]): ReceivedEvent[] =>
  events.map(({ name, data }, index) => ({ name, data, id: index + 1 }));

it("a client that is cut at any character, again and again, receives every event once", () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });
  const property = fc.property(arbitraryEvents, cuts, (events, cutsAt) => {
    const log = createLog();
    const received: ReceivedEvent[] = [];
    const all = [...events, DONE];
    const growth = Math.ceil(all.length / cutsAt.length);
    for (const cutAt of cutsAt) {
      for (const event of all.slice(log.count, log.count + growth)) log.append(event);
      const { text = "" } = log.after(lastIdOf(received)) ?? {};
      received.push(...readRunEvents(text.slice(0, Math.ceil(text.length * cutAt))));
    }
    for (let last = lastIdOf(received); last < log.count; last = lastIdOf(received)) {
      received.push(...readRunEvents(log.after(last)?.text ?? ""));
    }
    // The reader of a test checks that no id comes twice.
    expect(readRunEvents(received.map((event) => toFrame(event, event.id)).join(""))).toEqual(received);
    expect(transcriptOf(received)).toBe(transcriptOf(numbered(all)));
  });
  fc.assert(property, { numRuns: 60 });
});

describe("a replay", () => {
  const tool: RunEvent = { name: "tool", data: '{"id":"call_1","name":"look","arguments":"{}"}' };

  it("has successive text in one event with the id of its last part", () => {
    const thought: RunEvent = { name: "thinking", data: '"Hm"' };
    const log = logOf(thought, thought, textEvent("Hel"), textEvent('l"o'), tool, tool, textEvent("!"), DONE);
    expect(log.after(0)).toEqual({
      text: `id:2\nevent:thinking\ndata:"HmHm"\n\nid:4\ndata:"Hell\\"o"\n\nid:5\nevent:tool\ndata:${tool.data}\n\nid:6\nevent:tool\ndata:${tool.data}\n\nid:7\ndata:"!"\n\nid:8\nevent:done\ndata:${DONE.data}\n\n`,
      position: 8,
    });
    expect(log.after(3)?.text.startsWith('id:4\ndata:"l\\"o"\n\nid:5\n')).toBe(true);
    expect(log.after(8)).toEqual({ text: "", position: 8 });
  });

  it("joins the halves of a character that two events have", () => {
    const { text = "" } = logOf(textEvent("So \ud83d"), textEvent("\ude0a")).after(0) ?? {};
    expect(JSON.parse(readRunEvents(text)[0]?.data ?? "")).toBe("So 😊");
  });

  it("has about 64 Ki characters, so that a client with a bad connection makes progress", () => {
    const log = logOf(...Array.from({ length: 300 }, () => textEvent("x".repeat(1000))));
    const { text = "", position = 0 } = log.after(0) ?? {};
    expect(text.length).toBeGreaterThan(65_536);
    expect(text.length).toBeLessThan(67_000);
    expect(log.after(position)?.text.startsWith("id:")).toBe(true);
  });
});

it("only `done` and `failed` end a log, also one that is read from storage", () => {
  const failed = { name: "failed", data: "{}" };
  expect(logOf(textEvent("Hi")).ending).toBeUndefined();
  expect(logOf(textEvent("Hi"), DONE).ending).toEqual(DONE);
  expect(createLog([textEvent("Hi"), failed]).ending).toEqual(failed);
  expect(createLog([textEvent("Hi")])).toMatchObject({ count: 1, ending: undefined });
});

it("a log that is too large drops its first events: later ids stay, and earlier ones cannot be read", () => {
  const log = logOf(...Array.from({ length: 100 }, () => textEvent("x".repeat(MAX_LOG_LENGTH / 90))), DONE);
  expect(log.dropped).toBeGreaterThan(9);
  expect(log.events.reduce((length, { data }) => length + data.length, 0)).toBeLessThanOrEqual(MAX_LOG_LENGTH);
  expect([log.count, log.after(log.dropped - 1)]).toEqual([101, undefined]);
  expect(readRunEvents(log.after(99)?.text ?? "").map(({ id }) => id)).toEqual([100, 101]);
  const huge = logOf(textEvent("x".repeat(MAX_LOG_LENGTH + 1)));
  expect([huge.dropped, huge.after(0)?.position]).toEqual([0, 1]);
});

it("a frame is read as it was written, and a comment is no event", () => {
  fc.assert(
    fc.property(arbitraryEvents, (events) => {
      expect(events.map((event) => readFrame(toFrame(event)))).toEqual(events);
    }),
    { numRuns: 30 },
  );
  expect([readFrame(":\n\n"), readFrame("retry:1000\n\n")]).toEqual([undefined, undefined]);
});
