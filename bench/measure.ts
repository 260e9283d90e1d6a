// The measurements: each returns the figures of one round, and throws for an unexpected answer.

import type { Answer } from "./answer.ts";
import { bytesOf, eventsAt, timeToFirstByte, longestGap, countLateStreams, requireExpected } from "./answer.ts";
import type { BenchRequest, Workload } from "./requests.ts";
import { send, sendMany } from "./load.ts";
import { cpuUs, peakMib } from "./process.ts";
import type { Server, Start } from "./testbed.ts";
import { quantile } from "./statistics.ts";

export type Figures = Record<string, number>;

/** The median of the streams' longest gaps. Buffering raises it in every stream; a single hiccup does not. */
export const GAP = "longest gap p50, ms";

/** The CPU time of a stream by chunk of the provider. */
export const CPU_PER_CHUNK = "cpu per chunk, µs";

/** The streams that began after another one had ended. */
export const LATE_STREAMS = "late streams";

async function measureLoad(server: Server, request: BenchRequest, { count, parallel }: Workload) {
  const before = cpuUs(server.pid);
  const answers = await sendMany(server, request, count, parallel);
  const spentUs = cpuUs(server.pid) - before;
  requireExpected(answers, request);
  return { answers, figures: { "cpu per request, µs": spentUs / count }, spentUs };
}

/** Measures a process's CPU time for answers that are not streamed. */
export async function requestCost(server: Server, request: BenchRequest, workload: Workload): Promise<Figures> {
  return (await measureLoad(server, request, workload)).figures;
}

/** Measures a process's CPU time by request and by chunk of the provider, and the arrival of the streams. */
export async function streamCost(server: Server, request: BenchRequest, workload: Workload): Promise<Figures> {
  const { answers, figures, spentUs } = await measureLoad(server, request, workload);
  const { tokens, delayMs = 0 } = workload;
  const gaps = answers.map((answer) => longestGap(answer, (tokens - 1) * delayMs));
  return {
    ...figures,
    [CPU_PER_CHUNK]: spentUs / (workload.count * tokens),
    // A slim stream merges chunks into fewer events by design, so its events have no expected times.
    ...(delayMs > 0 && request.path !== "/chat" ? lagFigures(answers, tokens, delayMs) : {}),
    [GAP]: quantile(gaps, 0.5),
    "longest gap of all, ms": quantile(gaps, 1),
    "bytes per token": answers.reduce((sum, answer) => sum + bytesOf(answer), 0) / (workload.count * tokens),
  };
}

/**
 * Returns how late each token's chunk arrived, relative to the quickest chunk of its stream. The first chunk is no
 * reference, because all streams start at once. The first event is skipped: it holds only the role.
 */
function lagFigures(answers: Answer[], tokens: number, delayMs: number): Figures {
  const lags = answers.flatMap((answer) => {
    const offsets = eventsAt(answer)
      .slice(1, tokens + 1)
      .map((at, index) => at - index * delayMs);
    const quickest = Math.min(...offsets);
    return offsets.map((offset) => offset - quickest);
  });
  return { "lag p50, ms": quantile(lags, 0.5), "lag p99, ms": quantile(lags, 0.99) };
}

/** Measures the time to first byte in ms, one request at a time. */
export async function firstByte(server: Server, request: BenchRequest): Promise<Figures> {
  const answers: Answer[] = [];
  while (answers.length < 60) answers.push(await send(server, request, answers.length));
  requireExpected(answers, request);
  return { "time to first byte, ms": quantile(answers.map(timeToFirstByte), 0.5) };
}

/** Measures the peak memory of a new process. */
export async function peak(start: Start, request: BenchRequest, workload: Workload): Promise<Figures> {
  return { "peak memory, MiB": (await loadNewProcess(start, request, workload)).peak };
}

/**
 * Measures the memory of each stream that is open beside `few` others: the peak of a new process with `many` streams
 * minus the peak of another one with `few`, per stream. It needs all streams open at once, so no late ones.
 */
export async function streamMemory(
  start: Start,
  request: BenchRequest,
  few: Workload,
  many: Workload,
): Promise<Figures> {
  const [fewer, more] = [await loadNewProcess(start, request, few), await loadNewProcess(start, request, many)];
  return {
    "memory for each further stream, KiB": ((more.peak - fewer.peak) * 1024) / (many.count - few.count),
    [LATE_STREAMS]: countLateStreams(fewer.answers) + countLateStreams(more.answers),
  };
}

async function loadNewProcess(start: Start, request: BenchRequest, { count, parallel }: Workload) {
  const server = await start();
  try {
    const answers = await sendMany(server, request, count, parallel);
    requireExpected(answers, request);
    return { answers, peak: peakMib(server.pid) };
  } finally {
    server.stop();
  }
}

const STARTS = 3;

/** Measures the time in ms from the start of a process to the end of its first answer: the median of three starts. */
export async function coldStart(start: Start, request: BenchRequest): Promise<Figures> {
  const times: number[] = [];
  while (times.length < STARTS) {
    const { startMs, stop } = await start(async (target) => requireExpected([await send(target, request)], request));
    stop();
    times.push(startMs);
  }
  return { "from nothing to a chat, ms": quantile(times, 0.5) };
}
