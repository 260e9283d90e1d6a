// The bill of a million chats as text, from the results of `npm run bench`.

import bundled from "../src/core/catalog/default.json" with { type: "json" };
import type { Counts, Use } from "./bill.ts";
import { ASSUMED, billOf, cpuBill, tokensBill, totalOf, useOf } from "./bill.ts";
import { BUSY_COUNTS } from "./chat-counts.ts";
import { CPU_PER_CHUNK } from "./measure.ts";
import type { Result } from "./results.ts";

const MODELS = ["o4-mini", "gpt-5-mini", "gpt-6.1-terra"] as const;

export const UNITS: [keyof Use, string][] = [
  ["requests", "requests to the Worker"],
  ["objectRequests", "calls of objects"],
  ["objectGbSeconds", "their duration, GB-s"],
  ["rowsWritten", "rows written"],
  ["rowsRead", "rows read"],
  ["kvReads", "KV reads"],
  ["logKilobytes", "log, KB"],
];

const COLUMNS = [
  { title: "budget, quiet", case: "counts per chat, budget, quiet isolate", isolate: "quiet" },
  { title: "budget, busy", case: BUSY_COUNTS, isolate: "busy" },
  { title: "no budget, busy", case: "counts per chat, no budget × 8", isolate: "busy" },
] as const;

const PER_REQUEST = "cpu per request, µs";
// The cost of the request is part of its 50 chunks, so 300 of them cost less than this.
const CPU = [
  { label: "/v1, not streamed", case: "/v1, not streamed × 32", figure: PER_REQUEST, times: 1 },
  ...["/v1 stream", "/v1 stream without usage", "slim"].map((label) => ({
    label,
    case: `${label}, 50 chunks 20 ms apart × 200`,
    figure: CPU_PER_CHUNK,
    times: ASSUMED.outputTokens,
  })),
];

/** Returns the bill as lines of text. Returns none without counts or CPU times. */
export function billLines(results: Result[]): string[] {
  const columns = COLUMNS.flatMap((column) => {
    const counts = countsOf(results, column.case);
    if (!counts) return [];
    const use = useOf(counts, column.isolate);
    return { title: column.title, use, bill: billOf(use) };
  });
  const cpu = CPU.flatMap(({ label, ...measured }) => {
    const cpuUs = cpuUsOf(results, measured);
    return cpuUs === undefined ? [] : { label, cpuUs };
  });
  if (columns.length === 0 || cpu.length === 0) return [];

  const { inputTokens, outputTokens } = ASSUMED;
  return [
    `dollars of a million chats with ${inputTokens} tokens of input and ${outputTokens} of output, and what a chat uses`,
    row(
      "",
      columns.flatMap(({ title }) => ["", title]),
    ),
    ...UNITS.map(([unit, label]) =>
      row(
        label,
        columns.flatMap(({ use, bill }) => [use[unit].toFixed(3), bill[unit].toFixed(2)]),
      ),
    ),
    ...cpu.flatMap(({ label, cpuUs }) => [
      row(
        `CPU, ms: ${label}`,
        columns.flatMap(() => [(cpuUs / 1000).toFixed(1), cpuBill(cpuUs).toFixed(2)]),
      ),
      row(
        "  all together",
        columns.flatMap(({ bill }) => ["", (totalOf(bill) + cpuBill(cpuUs)).toFixed(2)]),
      ),
    ]),
    ...MODELS.map((model) => {
      const tokens = tokensBill(bundled.cards[model].prices).toFixed(2);
      return row(
        `tokens of ${model}`,
        columns.flatMap(() => ["", tokens]),
      );
    }),
  ];
}

/** Returns the counts of a case for users with a stored quota; undefined when it was not counted. */
export function countsOf(results: Result[], name: string): Counts | undefined {
  for (const result of results) if (result.case === name && "later" in result) return result.later;
  return undefined;
}

/** Returns a CPU time in µs; undefined when it was not measured. */
export function cpuUsOf(
  results: Result[],
  measured: { case: string; figure: string; times: number },
): number | undefined {
  for (const result of results) {
    if (result.case === measured.case && "figure" in result && result.figure === measured.figure) {
      return result.weir.median * measured.times;
    }
  }
  return undefined;
}

/** Lays out a label and pairs of a used amount and dollars. */
export const row = (label: string, cells: string[]) =>
  `  ${label.padEnd(34)}${cells.map((cell, index) => cell.padStart(index % 2 === 0 ? 8 : 16)).join("")}`.trimEnd();
