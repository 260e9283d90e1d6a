// The benchmark cases and their limits.

import { gated, keyed, moderation, refused, slim, streamed, whole, withoutUsage } from "./requests.ts";
import type { BenchRequest, Workload } from "./requests.ts";
import { sendAndLeave } from "./load.ts";
import type { Figures } from "./measure.ts";
import {
  coldStart,
  CPU_PER_CHUNK,
  firstByte,
  GAP,
  LATE_STREAMS,
  peak,
  requestCost,
  streamCost,
  streamMemory,
} from "./measure.ts";
import type { Testbed } from "./testbed.ts";

export interface Case {
  name: string;
  /** The measurements of the bare pass-through and of Weir, taken in the same round. */
  bare: (testbed: Testbed) => Promise<Figures>;
  weir: (testbed: Testbed) => Promise<Figures>;
  /** The maximum of Weir's median by figure. */
  limits?: Figures;
  /** The maximum of what Weir's median adds, by figure. */
  addedLimits?: Figures;
  /** The maximum of the rounds, for a case that takes long and varies little. */
  maxRounds?: number;
  /** For a case whose rounds are long, or start new processes. */
  skipsWarmUp?: boolean;
}

// With chunks 20 ms apart, a relay that buffers 8 KiB causes gaps of 500 ms, and one that buffers the whole answer a
// gap of 980 ms. Scheduling 200 streams on two shared cores causes gaps below 250 ms.
const LIMITS: Figures = { [GAP]: 400 };

/** A run costs no more than this beyond the same chat without a key, by chunk of the provider. */
const MAX_RUN_CPU_US = 50;

const streamCase = (name: string, workload: Workload, request: (workload: Workload) => BenchRequest): Case => ({
  name,
  bare: ({ bare }) => streamCost(bare, streamed(workload), workload),
  weir: ({ weir }) => streamCost(weir, request(workload), workload),
  ...(workload.delayMs ? { limits: LIMITS } : {}),
});

/** A run beside the same slim chat without a key, which is the baseline instead of the pass-through. */
const runCase = (name: string, workload: Workload): Case => ({
  name,
  bare: ({ weir }) => streamCost(weir, slim(workload), workload),
  weir: ({ weir }) => streamCost(weir, keyed(workload), workload),
  ...(workload.delayMs ? { limits: LIMITS, addedLimits: { [CPU_PER_CHUNK]: MAX_RUN_CPU_US } } : {}),
});

const peakCase = (name: string, workload: Workload): Case => ({
  name,
  bare: ({ fresh }) => peak(fresh.bare, streamed(workload), workload),
  weir: ({ fresh }) => peak(fresh.weir, streamed(workload), workload),
  skipsWarmUp: true,
  maxRounds: 3,
});

const memoryCase = (name: string, request: (workload: Workload) => BenchRequest, maxRounds: number): Case => ({
  name,
  bare: ({ fresh }) => streamMemory(fresh.bare, streamed(SLOW), SLOW, MANY_SLOW),
  weir: ({ fresh }) => streamMemory(fresh.weir, request(SLOW), SLOW, MANY_SLOW),
  limits: { [LATE_STREAMS]: 0 },
  skipsWarmUp: true,
  maxRounds,
});

const coldStartCase = (name: string, worker: "weir" | "unpublished"): Case => ({
  name,
  bare: ({ fresh }) => coldStart(fresh.bare, whole(ONE)),
  weir: ({ fresh }) => coldStart(fresh[worker], whole(ONE)),
});

const SHORT: Workload = { tokens: 20, count: 320, parallel: 32 };
const LONG: Workload = { tokens: 1000, count: 24, parallel: 4 };
const PACED: Workload = { tokens: 50, delayMs: 20, count: 200, parallel: 200 };
const PACED_LONG: Workload = { tokens: 150, delayMs: 20, count: 32, parallel: 32 };
const WHOLE: Workload = { tokens: 20, count: 640, parallel: 32 };
const LARGE_PROMPT: Workload = { tokens: 20, promptBytes: 65_536, count: 320, parallel: 8 };
const STEADY: Workload = { tokens: 500, delayMs: 10, count: 4, parallel: 4 };
const ONE: Workload = { tokens: 5, count: 1, parallel: 1 };
/** The first token arrives after the classifier's answer. */
const LATE: Workload = { ...ONE, firstMs: 20 };
const VERY_LONG: Workload = { tokens: 100_000, count: 1, parallel: 1 };
const SLOW: Workload = { tokens: 20, delayMs: 250, count: 200, parallel: 200 };
const MANY_SLOW: Workload = { ...SLOW, count: 1000, parallel: 1000 };
const ENDLESS: Workload = { tokens: 100_000, delayMs: 20, count: 1, parallel: 1 };

export const CASES: Case[] = [
  streamCase("/v1 stream, 20 chunks × 32", SHORT, streamed),
  streamCase("/v1 stream, 1,000 chunks × 4", LONG, streamed),
  streamCase("/v1 stream, 50 chunks 20 ms apart × 200", PACED, streamed),
  streamCase("/v1 stream without usage, 1,000 chunks × 4", LONG, withoutUsage),
  streamCase("/v1 stream without usage, 50 chunks 20 ms apart × 200", PACED, withoutUsage),
  streamCase("slim, 20 chunks × 32", SHORT, slim),
  streamCase("slim, 1,000 chunks × 4", LONG, slim),
  streamCase("slim, 50 chunks 20 ms apart × 200", PACED, slim),
  { ...streamCase("slim, 500 tokens at 100 a second", STEADY, slim), skipsWarmUp: true, maxRounds: 1 },
  {
    name: "/v1, not streamed × 32",
    bare: ({ bare }) => requestCost(bare, whole(WHOLE), WHOLE),
    weir: ({ weir }) => requestCost(weir, whole(WHOLE), WHOLE),
  },
  {
    name: "/v1, not streamed, 64 KB prompt × 8",
    bare: ({ bare }) => requestCost(bare, whole(LARGE_PROMPT), LARGE_PROMPT),
    weir: ({ weir }) => requestCost(weir, whole(LARGE_PROMPT), LARGE_PROMPT),
  },
  {
    name: "moderation × 32",
    bare: ({ bare }) => requestCost(bare, moderation(WHOLE), WHOLE),
    weir: ({ weir }) => requestCost(weir, moderation(WHOLE), WHOLE),
  },
  {
    name: "quota denial × 32",
    bare: ({ bare }) => requestCost(bare, whole(WHOLE), WHOLE),
    weir: ({ exhausted }) => requestCost(exhausted, refused(WHOLE), WHOLE),
  },
  {
    name: "/v1 stream, one at a time",
    bare: ({ bare }) => firstByte(bare, streamed(ONE)),
    weir: ({ weir }) => firstByte(weir, streamed(ONE)),
  },
  {
    name: "slim, one at a time",
    bare: ({ bare }) => firstByte(bare, streamed(ONE)),
    weir: ({ weir }) => firstByte(weir, slim(ONE)),
  },
  {
    // The baseline is Weir without moderation, not the pass-through.
    name: "/v1 stream, input moderated in parallel, one at a time",
    bare: ({ weir }) => firstByte(weir, streamed(LATE)),
    weir: ({ weir }) => firstByte(weir, gated(LATE)),
  },
  {
    name: "run, one at a time",
    bare: ({ weir }) => firstByte(weir, slim(ONE)),
    weir: ({ weir }) => firstByte(weir, keyed(ONE)),
  },
  runCase("run, 50 chunks 20 ms apart × 200", PACED),
  runCase("run, 150 chunks 20 ms apart × 32", PACED_LONG),
  runCase("run, 1,000 chunks × 4", LONG),
  peakCase("200 paced streams", PACED),
  peakCase("one stream of 100,000 tokens", VERY_LONG),
  memoryCase("memory for each further stream, /v1 without usage", withoutUsage, 3),
  memoryCase("memory for each further stream, slim", slim, 1),
  {
    name: "memory for each further run",
    bare: ({ fresh }) => streamMemory(fresh.weir, slim(SLOW), SLOW, MANY_SLOW),
    weir: ({ fresh }) => streamMemory(fresh.weir, keyed(SLOW), SLOW, MANY_SLOW),
    limits: { [LATE_STREAMS]: 0 },
    skipsWarmUp: true,
    maxRounds: 1,
  },
  coldStartCase("cold start to the first chat", "weir"),
  coldStartCase("cold start to the first chat, empty KV", "unpublished"),
];

/** Returns how many of three abandoned streams the provider has not seen cancelled after three seconds. Must be 0. */
export async function countUncancelled({ provider, weir }: Testbed): Promise<number> {
  const stats = `${provider.url}/__stats`;
  await fetch(stats, { method: "DELETE" });
  const abandoned = [streamed(ENDLESS), withoutUsage(ENDLESS), slim(ENDLESS)];
  for (const request of abandoned) await sendAndLeave(weir, request);
  const until = performance.now() + 3000;
  let running = abandoned.length;
  while (running > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { cancelled } = (await (await fetch(stats)).json()) as { cancelled: number };
    running = abandoned.length - cancelled;
  }
  return running;
}
