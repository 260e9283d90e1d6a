// Readers of events copy and decode each byte a bounded number of times, even when an event comes in tiny pieces.

import { afterEach, expect, it, vi } from "vitest";
import { createEventFilter } from "../../../../src/core/relay/event-filter.ts";
import { createEventReader } from "../../../../src/core/relay/events.ts";
import { createUsageTap } from "../../../../src/core/relay/usage-tap.ts";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { textChunk, toUtf8 } from "../../../support/chat-chunks.ts";

const EVENT = toUtf8(textChunk("x".repeat(500_000)));
const PIECE_BYTES = 16;
/** Times that a reader may touch each byte. */
const MOST_TIMES = 8;

afterEach(() => vi.restoreAllMocks());

type Method = (...given: unknown[]) => unknown;

/** Counts the bytes that are copied or decoded. */
function countBytes() {
  const counted = { bytes: 0 };
  const count = (target: object, name: string, sizeOf: (given: unknown[], result: unknown) => number) => {
    const methods = target as Record<string, Method>;
    const original = methods[name] as Method;
    vi.spyOn(methods, name).mockImplementation(function (this: unknown, ...given: unknown[]) {
      const result = Reflect.apply(original, this, given);
      counted.bytes += sizeOf(given, result);
      return result;
    });
  };
  count(Uint8Array.prototype, "set", ([from]) => (from as Uint8Array).length);
  count(Uint8Array.prototype, "slice", (_, copy) => (copy as Uint8Array).length);
  count(Uint8Array.prototype, "copyWithin", ([, start, end]) => Number(end) - Number(start));
  count(TextDecoder.prototype, "decode", ([bytes]) => (bytes as Uint8Array | undefined)?.length ?? 0);
  return counted;
}

function* inPieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) yield bytes.subarray(from, from + PIECE_BYTES);
}

it.each<[string, () => (bytes: Uint8Array) => void]>([
  ["the event reader", () => createEventReader().read],
  ["the event filter", () => createEventFilter(() => false).read],
  [
    "the usage tap",
    () => {
      const tap = createUsageTap(chatDialect);
      return (bytes) => tap.push(bytes);
    },
  ],
])("%s reads a large event in small pieces in linear time", (_what, create) => {
  const counted = countBytes();
  const read = create();
  for (const piece of inPieces(EVENT)) read(piece);
  expect(counted.bytes).toBeGreaterThan(0);
  expect(counted.bytes).toBeLessThan(MOST_TIMES * EVENT.length);
});

it("the event filter reads many tiny events in one read in linear time", () => {
  const events = toUtf8(`${"\n\n".repeat(16_000)}data: [DONE]\n\n`);
  const counted = countBytes();
  createEventFilter(() => false).read(events);
  expect(counted.bytes).toBeLessThan(MOST_TIMES * events.length);
});
