// What is asked, and which figures come of it. One figure is one number of one round.

import type { Asked, Target } from "./load.ts";
import { ask, askMany, leave } from "./load.ts";
import { cpuUs, peakMib } from "./process.ts";
import type { Served } from "./serve.ts";
import type { Fresh, Stage } from "./stage.ts";
import { MODEL } from "./stage.ts";
import { quantile } from "./statistics.ts";

export type Figures = Record<string, number>;

export interface Case {
  name: string;
  /** What each of the two is asked for, in the same round. */
  bare: (stage: Stage) => Promise<Figures>;
  weir: (stage: Stage) => Promise<Figures>;
}

interface Shape {
  tokens: number;
  delayMs?: number;
  count: number;
  parallel: number;
}

const script = ({ tokens, delayMs = 0 }: Shape) =>
  `emulate ${JSON.stringify({ tokens, delay_ms: delayMs, reasoning: 0 })}`;

const v1 = (shape: Shape, stream: boolean): Asked => ({
  path: "/v1/chat/completions",
  body: JSON.stringify({
    model: MODEL,
    messages: [{ role: "user", content: script(shape) }],
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
  }),
});
const v1WithoutUsage = (shape: Shape): Asked => ({
  path: "/v1/chat/completions",
  body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: script(shape) }], stream: true }),
});
const slim = (shape: Shape): Asked => ({ path: "/chat", body: JSON.stringify({ model: MODEL, input: script(shape) }) });

type Side = Served & Target;

/** CPU of a process while it answers, per request and per chunk of the provider's. */
async function cost(side: Side, asked: Asked, shape: Shape): Promise<Figures> {
  const before = cpuUs(side.pid);
  const answers = await askMany(side, asked, shape.count, shape.parallel);
  const spent = cpuUs(side.pid) - before;
  requireSuccess(answers.map(({ status }) => status));
  const { delayMs = 0 } = shape;
  const lags = answers.flatMap(({ at }) =>
    at.slice(1, shape.tokens).map((ms, index) => ms - (at[0] ?? 0) - index * delayMs),
  );
  return {
    "cpu per request, µs": spent / shape.count,
    "cpu per chunk, µs": spent / (shape.count * shape.tokens),
    ...(delayMs > 0 && asked.path !== "/chat"
      ? { "lag p50, ms": quantile(lags, 0.5), "lag p99, ms": quantile(lags, 0.99) }
      : {}),
    "longest gap, ms": Math.max(...answers.map(longestGap)),
    "bytes per token": (answers[0]?.bytes ?? 0) / shape.tokens,
  };
}

function longestGap({ at }: { at: number[] }): number {
  return at.reduce((most, ms, index) => Math.max(most, index === 0 ? 0 : ms - (at[index - 1] ?? 0)), 0);
}

function requireSuccess(statuses: number[], expected = 200): void {
  const wrong = statuses.find((status) => status !== expected);
  if (wrong !== undefined) throw new Error(`answered ${wrong} where ${expected} was expected`);
}

const streamCase = (name: string, shape: Shape, asked = slim): Case => ({
  name,
  bare: ({ bare }) => cost(bare, v1(shape, true), shape),
  weir: ({ weir }) => cost(weir, asked(shape), shape),
});

const SHORT: Shape = { tokens: 20, count: 320, parallel: 32 };
const LONG: Shape = { tokens: 1000, count: 24, parallel: 4 };
const PACED: Shape = { tokens: 50, delayMs: 20, count: 200, parallel: 200 };
const WHOLE: Shape = { tokens: 20, count: 640, parallel: 32 };
const SPOKEN: Shape = { tokens: 500, delayMs: 10, count: 4, parallel: 4 };
const ONE: Shape = { tokens: 5, count: 1, parallel: 1 };

const streamed = (shape: Shape) => v1(shape, true);

/** The time to first byte, one request at a time: ms. */
async function firstByte(side: Side, asked: Asked): Promise<Figures> {
  const times: number[] = [];
  while (times.length < 60) times.push((await ask(side, asked, times.length)).at[0] ?? NaN);
  return { "time to first byte, ms": quantile(times, 0.5) };
}

/** The peak of a process that has done nothing else. */
async function peak(start: () => Promise<Fresh>, shape: Shape): Promise<Figures> {
  const side = await start();
  await askMany(side, streamed(shape), shape.count, shape.parallel);
  const figures = { "peak memory, MiB": peakMib(side.pid) };
  side.stop();
  return figures;
}

async function coldStart(start: () => Promise<Fresh>): Promise<Figures> {
  const { startMs, stop } = await start();
  stop();
  return { "from nothing to an answer, ms": startMs };
}

const VERY_LONG: Shape = { tokens: 100_000, count: 1, parallel: 1 };

export const CASES: Case[] = [
  streamCase("/v1 stream, 20 chunks × 32", SHORT, streamed),
  streamCase("/v1 stream, 1,000 chunks × 4", LONG, streamed),
  streamCase("/v1 stream, 50 chunks 20 ms apart × 200", PACED, streamed),
  streamCase("/v1 stream without usage, 1,000 chunks × 4", LONG, v1WithoutUsage),
  streamCase("slim, 20 chunks × 32", SHORT),
  streamCase("slim, 1,000 chunks × 4", LONG),
  streamCase("slim, 50 chunks 20 ms apart × 200", PACED),
  streamCase("slim, 500 tokens at 100 a second", SPOKEN),
  {
    name: "/v1, not streamed × 32",
    bare: ({ bare }) => cost(bare, v1(WHOLE, false), WHOLE),
    weir: ({ weir }) => cost(weir, v1(WHOLE, false), WHOLE),
  },
  {
    name: "quota denial × 32",
    bare: ({ bare }) => cost(bare, v1(WHOLE, false), WHOLE),
    async weir({ weir, spent }) {
      const before = cpuUs(weir.pid);
      const answers = await askMany(spent, slim(WHOLE), WHOLE.count, WHOLE.parallel);
      requireSuccess(
        answers.map(({ status }) => status),
        429,
      );
      return { "cpu per request, µs": (cpuUs(weir.pid) - before) / WHOLE.count };
    },
  },
  {
    name: "/v1 stream, one at a time",
    bare: ({ bare }) => firstByte(bare, v1(ONE, true)),
    weir: ({ weir }) => firstByte(weir, v1(ONE, true)),
  },
  {
    name: "slim, one at a time",
    bare: ({ bare }) => firstByte(bare, v1(ONE, true)),
    weir: ({ weir }) => firstByte(weir, slim(ONE)),
  },
  {
    name: "200 paced streams",
    bare: ({ fresh }) => peak(fresh.bare, PACED),
    weir: ({ fresh }) => peak(fresh.weir, PACED),
  },
  {
    name: "one stream of 100,000 tokens",
    bare: ({ fresh }) => peak(fresh.bare, VERY_LONG),
    weir: ({ fresh }) => peak(fresh.weir, VERY_LONG),
  },
  {
    name: "cold start",
    bare: ({ fresh }) => coldStart(fresh.bare),
    weir: ({ fresh }) => coldStart(fresh.weir),
  },
];

/** How many of the streams that their callers left the provider went on with; must be 0. */
export async function leftRunning({ provider, weir }: Stage): Promise<number> {
  const endless: Shape = { tokens: 100_000, delayMs: 20, count: 1, parallel: 1 };
  for (const asked of [v1(endless, true), v1WithoutUsage(endless), slim(endless)]) await leave(weir, asked);
  const until = performance.now() + 3000;
  let active = NaN;
  while (performance.now() < until && active !== 0) {
    const stats = (await (await fetch(`${provider.url}/__stats`)).json()) as { active: number };
    ({ active } = stats);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return active;
}
