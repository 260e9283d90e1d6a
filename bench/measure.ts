// How figures are taken. One figure is one number of one round; what is not a good answer throws and gives none.

import type { Answer } from "./answer.ts";
import { bytesOf, eventsAt, firstAt, longestGap, requireGood } from "./answer.ts";
import type { Asked, Shape } from "./asked.ts";
import { ask, askMany } from "./load.ts";
import { cpuUs, peakMib } from "./process.ts";
import type { Fresh, Side } from "./stage.ts";
import { quantile } from "./statistics.ts";

export type Figures = Record<string, number>;

/** Of every stream its longest gap, and of these the median: what buffers does so to every stream, a hiccup not. */
export const GAP = "longest gap p50, ms";

async function spend(side: Side, asked: Asked, { count, parallel }: Shape) {
  const before = cpuUs(side.pid);
  const answers = await askMany(side, asked, count, parallel);
  const spentUs = cpuUs(side.pid) - before;
  requireGood(answers, asked);
  return { answers, figures: { "cpu per request, µs": spentUs / count }, spentUs };
}

/** CPU of a process while it answers in one piece. */
export async function requestCost(side: Side, asked: Asked, shape: Shape): Promise<Figures> {
  return (await spend(side, asked, shape)).figures;
}

/** CPU of a process while it streams, by request and by chunk of the provider's, and how the streams arrive. */
export async function streamCost(side: Side, asked: Asked, shape: Shape): Promise<Figures> {
  const { answers, figures, spentUs } = await spend(side, asked, shape);
  const { tokens, delayMs = 0 } = shape;
  const gaps = answers.map((answer) => longestGap(answer, (tokens - 1) * delayMs));
  return {
    ...figures,
    "cpu per chunk, µs": spentUs / (shape.count * tokens),
    // A slim stream gathers chunks into fewer events by design: no event is one chunk, so none has a turn to be late
    // for.
    ...(delayMs > 0 && asked.path !== "/chat" ? lagOf(answers, tokens, delayMs) : {}),
    [GAP]: quantile(gaps, 0.5),
    "longest gap of all, ms": quantile(gaps, 1),
    "bytes per token": answers.reduce((sum, answer) => sum + bytesOf(answer), 0) / (shape.count * tokens),
  };
}

/**
 * How much later than its turn each token's chunk came, counted from the stream's quickest. The first is no measure:
 * all streams begin at once, which makes it late. The event before the first token says the role.
 */
function lagOf(answers: Answer[], tokens: number, delayMs: number): Figures {
  const lags = answers.flatMap((answer) => {
    const offsets = eventsAt(answer)
      .slice(1, tokens + 1)
      .map((at, index) => at - index * delayMs);
    const quickest = Math.min(...offsets);
    return offsets.map((offset) => offset - quickest);
  });
  return { "lag p50, ms": quantile(lags, 0.5), "lag p99, ms": quantile(lags, 0.99) };
}

/** The time to first byte, one request at a time: ms. */
export async function firstByte(side: Side, asked: Asked): Promise<Figures> {
  const answers: Answer[] = [];
  while (answers.length < 60) answers.push(await ask(side, asked, answers.length));
  requireGood(answers, asked);
  return { "time to first byte, ms": quantile(answers.map(firstAt), 0.5) };
}

/** The peak of a process that has done nothing else. */
export async function peak(start: () => Promise<Fresh>, asked: Asked, shape: Shape): Promise<Figures> {
  const side = await start();
  const answers = await askMany(side, asked, shape.count, shape.parallel);
  const figures = { "peak memory, MiB": peakMib(side.pid) };
  side.stop();
  requireGood(answers, asked);
  return figures;
}

export async function coldStart(start: () => Promise<Fresh>): Promise<Figures> {
  const { startMs, stop } = await start();
  stop();
  return { "from nothing to an answer, ms": startMs };
}
