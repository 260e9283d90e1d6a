// What is measured, and what must hold.

import { gated, moderation, refused, slim, streamed, whole, withoutUsage } from "./asked.ts";
import type { Asked, Shape } from "./asked.ts";
import { leave } from "./load.ts";
import type { Figures } from "./measure.ts";
import { coldStart, firstByte, GAP, peak, requestCost, streamCost } from "./measure.ts";
import type { Stage } from "./stage.ts";

export interface Case {
  name: string;
  /** What each of the two is asked for, in the same round. */
  bare: (stage: Stage) => Promise<Figures>;
  weir: (stage: Stage) => Promise<Figures>;
  /** The most that Weir's median of a figure may be. */
  limits?: Figures;
}

// A relay that fills a buffer of 8 KiB first sends the streams of 20 ms in bursts half a second apart, and one that
// waits for their end holds them back by a second. What 200 streams on two shared cores make of 20 ms by themselves
// stays below 250.
const LIMITS: Figures = { [GAP]: 400 };

const streamCase = (name: string, shape: Shape, asked: (shape: Shape) => Asked): Case => ({
  name,
  bare: ({ bare }) => streamCost(bare, streamed(shape), shape),
  weir: ({ weir }) => streamCost(weir, asked(shape), shape),
  ...(shape.delayMs ? { limits: LIMITS } : {}),
});

const peakCase = (name: string, shape: Shape): Case => ({
  name,
  bare: ({ fresh }) => peak(fresh.bare, streamed(shape), shape),
  weir: ({ fresh }) => peak(fresh.weir, streamed(shape), shape),
});

const SHORT: Shape = { tokens: 20, count: 320, parallel: 32 };
const LONG: Shape = { tokens: 1000, count: 24, parallel: 4 };
const PACED: Shape = { tokens: 50, delayMs: 20, count: 200, parallel: 200 };
const WHOLE: Shape = { tokens: 20, count: 640, parallel: 32 };
const SPOKEN: Shape = { tokens: 500, delayMs: 10, count: 4, parallel: 4 };
const ONE: Shape = { tokens: 5, count: 1, parallel: 1 };
/** Its first token comes when a classifier has long answered. */
const LATE: Shape = { ...ONE, firstMs: 20 };
const VERY_LONG: Shape = { tokens: 100_000, count: 1, parallel: 1 };
const ENDLESS: Shape = { tokens: 100_000, delayMs: 20, count: 1, parallel: 1 };

export const CASES: Case[] = [
  streamCase("/v1 stream, 20 chunks × 32", SHORT, streamed),
  streamCase("/v1 stream, 1,000 chunks × 4", LONG, streamed),
  streamCase("/v1 stream, 50 chunks 20 ms apart × 200", PACED, streamed),
  streamCase("/v1 stream without usage, 1,000 chunks × 4", LONG, withoutUsage),
  streamCase("slim, 20 chunks × 32", SHORT, slim),
  streamCase("slim, 1,000 chunks × 4", LONG, slim),
  streamCase("slim, 50 chunks 20 ms apart × 200", PACED, slim),
  streamCase("slim, 500 tokens at 100 a second", SPOKEN, slim),
  {
    name: "/v1, not streamed × 32",
    bare: ({ bare }) => requestCost(bare, whole(WHOLE), WHOLE),
    weir: ({ weir }) => requestCost(weir, whole(WHOLE), WHOLE),
  },
  {
    name: "moderation × 32",
    bare: ({ bare }) => requestCost(bare, moderation(WHOLE), WHOLE),
    weir: ({ weir }) => requestCost(weir, moderation(WHOLE), WHOLE),
  },
  {
    name: "quota denial × 32",
    bare: ({ bare }) => requestCost(bare, whole(WHOLE), WHOLE),
    weir: ({ spent }) => requestCost(spent, refused(WHOLE), WHOLE),
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
    // Beside the same without a gate, not beside the pass-through.
    name: "/v1 stream, input judged in parallel, one at a time",
    bare: ({ weir }) => firstByte(weir, streamed(LATE)),
    weir: ({ weir }) => firstByte(weir, gated(LATE)),
  },
  peakCase("200 paced streams", PACED),
  peakCase("one stream of 100,000 tokens", VERY_LONG),
  {
    name: "cold start",
    bare: ({ fresh }) => coldStart(fresh.bare),
    weir: ({ fresh }) => coldStart(fresh.weir),
  },
];

/** How many of the streams that their callers left the provider has not ended after three seconds; must be 0. */
export async function leftRunning({ provider, weir }: Stage): Promise<number> {
  const stats = `${provider.url}/__stats`;
  await fetch(stats, { method: "DELETE" });
  const left = [streamed(ENDLESS), withoutUsage(ENDLESS), slim(ENDLESS)];
  for (const asked of left) await leave(weir, asked);
  const until = performance.now() + 3000;
  let running = left.length;
  while (running > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { cancelled } = (await (await fetch(stats)).json()) as { cancelled: number };
    running = left.length - cancelled;
  }
  return running;
}
