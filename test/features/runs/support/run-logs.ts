// uses: slim-chat
// Random events of runs.

import * as fc from "fast-check";
import type { RunEvent } from "../../../../src/features/runs/log.ts";
import { toSlimJson } from "../../../../src/features/slim-chat/codec.ts";

export const textEvent = (text: string): RunEvent => ({ name: "text", data: toSlimJson(text) });
export const DONE: RunEvent = { name: "done", data: '{"finish":"stop","usage":{"usd":0},"left":{}}' };

const tricky = fc.constantFrom('"', "\\", "\n", "\ud83d", "\ude0a", "\u2028", "🌊", "id:7", "data:", "\\u0000");
const said = fc.array(fc.oneof(tricky, fc.string({ unit: "binary", maxLength: 8 })), { maxLength: 5 });
const long = fc.integer({ min: 1, max: 40_000 }).map((length) => "Wehr".repeat(length).slice(0, length));
const text = fc.oneof({ weight: 12, arbitrary: said.map((parts) => parts.join("")) }, { weight: 1, arbitrary: long });
const spoken = fc.tuple(fc.constantFrom("text", "text", "thinking"), text);
const call = text.map((argument) => ["tool", { id: "call_1", name: "look", arguments: argument }] as const);

/** Events before an end: text, thinking and tool calls. Some texts are so long that one replay does not hold all events. */
export const arbitraryEvents: fc.Arbitrary<RunEvent[]> = fc.array(
  fc
    .oneof({ weight: 6, arbitrary: spoken }, { weight: 1, arbitrary: call })
    .map(([name, content]): RunEvent => ({ name, data: toSlimJson(content) })),
  { minLength: 1, maxLength: 40 },
);
