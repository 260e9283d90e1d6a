// The bill of a million runs beside that of the same chats without a key, as text.

import { countsOf, cpuUsOf, row, UNITS } from "./bill-lines.ts";
import type { Use } from "./bill.ts";
import { ASSUMED, billOf, cpuBill, FREE_PER_DAY, totalOf, useOf, useOfRun } from "./bill.ts";
import { BUSY_COUNTS, RUN_COUNTS } from "./chat-counts.ts";
import { CPU_PER_CHUNK } from "./measure.ts";
import type { Result } from "./results.ts";

/** Returns the bill as lines of text. Returns none without the counts and the CPU times of both. */
export function runBillLines(results: Result[]): string[] {
  const cpuOf = (label: string) =>
    cpuUsOf(results, {
      case: `${label}, 50 chunks 20 ms apart × 200`,
      figure: CPU_PER_CHUNK,
      times: ASSUMED.outputTokens,
    });
  const [ofChat, ofRun] = [countsOf(results, BUSY_COUNTS), countsOf(results, RUN_COUNTS)];
  const [chatCpuUs, runCpuUs] = [cpuOf("slim"), cpuOf("run")];
  if (!ofChat || !ofRun || chatCpuUs === undefined || runCpuUs === undefined) return [];
  const chat = useOf(ofChat, "busy");
  const run = useOfRun(ofRun);
  const columns = [
    { use: chat, bill: billOf(chat), cpuUs: chatCpuUs },
    { use: run, bill: billOf(run), cpuUs: runCpuUs },
  ];
  return [
    `dollars of a million slim chats, and of the same as runs of ${ASSUMED.runSeconds} s with one resume`,
    row("", ["", "chat", "", "run"]),
    ...UNITS.map(([unit, label]) =>
      row(
        label,
        columns.flatMap(({ use, bill }) => [use[unit].toFixed(3), bill[unit].toFixed(2)]),
      ),
    ),
    row(
      "CPU, ms",
      columns.flatMap(({ cpuUs }) => [(cpuUs / 1000).toFixed(1), cpuBill(cpuUs).toFixed(2)]),
    ),
    row(
      "  all together",
      columns.flatMap(({ bill, cpuUs }) => ["", (totalOf(bill) + cpuBill(cpuUs)).toFixed(2)]),
    ),
    row(
      "a day on the free plan",
      columns.flatMap(({ use }) => ["", mostPerDay(use).toString()]),
    ),
  ];
}

/** Returns how many chats the free plan includes in a day, without its limit of CPU time. */
function mostPerDay(use: Use): number {
  const units = Object.keys(FREE_PER_DAY) as (keyof typeof FREE_PER_DAY)[];
  return Math.floor(Math.min(...units.map((unit) => FREE_PER_DAY[unit] / use[unit])));
}
