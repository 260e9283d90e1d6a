// The bill of a million chats: Cloudflare's list prices and the arithmetic. Pure.
// A fork changes PRICES and ASSUMED to its own numbers.

/**
 * Dollars per million units on the Workers Paid plan, beyond what the plan includes. Looked up on 2026-11-30 under
 * https://developers.cloudflare.com: /workers/platform/pricing, /durable-objects/platform/pricing, /kv/platform/pricing
 * and /observability/pricing.
 */
export const PRICES = {
  requests: 0.3,
  /** A call of a Durable Object's method, or a run of its alarm. */
  objectRequests: 0.15,
  objectGbSeconds: 12.5,
  rowsWritten: 1,
  rowsRead: 0.001,
  kvReads: 0.5,
  /** From 2026-12-01, per GB: $0.25 when written, and $0.10 a month for the seven days that logs are kept. */
  logKilobytes: 0.25 + (0.1 * 7) / 30,
};
/** What the Workers Free plan includes in a day, from the same pages. */
export const FREE_PER_DAY = {
  requests: 100_000,
  objectRequests: 100_000,
  objectGbSeconds: 13_000,
  rowsWritten: 100_000,
  rowsRead: 5_000_000,
};
const CPU_MS_PRICE = 0.02;

/** Assumptions for amounts that the benchmark cannot count. */
export const ASSUMED = {
  inputTokens: 500,
  /** Each is a chunk of the stream. */
  outputTokens: 300,
  /** The time of a run: from its request to its end. */
  runSeconds: 20,
  /** The time of one call of an object. On the edge, a call ends when its write is confirmed. */
  objectMs: 10,
  /** An object is billed for 128 MB, whatever it uses. */
  objectGb: 0.128,
  /** An isolate reads KV at most every 30 s. A quiet one has a chat every 30 s or less often. */
  kvReads: { quiet: 1, busy: 0 },
  /** Bytes that the platform adds to a log line. */
  logLineBytes: 1000,
};

/** Counts of one chat, or of one run. Counted by bench/workers/counted.ts. */
export interface Counts {
  /** Calls of Durable Objects, by method. */
  calls: Record<string, number>;
  /** Without the rows of alarms: those of a chat run after it was counted. */
  rowsWritten: number;
  rowsRead: number;
  alarmsSet: number;
  kvReads: number;
  logLines: number;
  logBytes: number;
}

/** Returns the number of all calls of objects. */
export const callsOf = ({ calls }: Counts) => Object.values(calls).reduce((sum, count) => sum + count, 0);

/** Divides all counts by the number of chats. */
export function perChat({ calls, ...others }: Counts, chats: number): Counts {
  const divide = <Numbers extends object>(numbers: Numbers) =>
    Object.fromEntries(Object.entries(numbers).map(([name, count]) => [name, Number(count) / chats])) as Numbers;
  return { calls: divide(calls), ...divide(others) };
}

/** Amounts of the billed units, or their dollars. */
export type Use = Record<keyof typeof PRICES, number>;

/** Returns what a chat uses besides CPU time. An alarm is billed as a row when it is set and as a request when it runs. */
export function useOf(counts: Counts, isolate: "quiet" | "busy"): Use {
  const objectRequests = callsOf(counts) + counts.alarmsSet;
  return {
    requests: 1,
    objectRequests,
    objectGbSeconds: gbSeconds((objectRequests * ASSUMED.objectMs) / 1000),
    rowsWritten: counts.rowsWritten + counts.alarmsSet,
    rowsRead: counts.rowsRead,
    kvReads: Math.max(counts.kvReads, ASSUMED.kvReads[isolate]),
    logKilobytes: (counts.logBytes + counts.logLines * ASSUMED.logLineBytes) / 1000,
  };
}

/** Returns what a run uses that is resumed once. Its object is billed from its start to its end. */
export function useOfRun(counts: Counts): Use {
  const use = useOf(counts, "busy");
  return { ...use, requests: 2, objectGbSeconds: use.objectGbSeconds + gbSeconds(ASSUMED.runSeconds) };
}

const gbSeconds = (seconds: number) => seconds * ASSUMED.objectGb;

/** Returns the dollars of a million chats by unit, without CPU time. */
export function billOf(use: Use): Use {
  const units = Object.keys(PRICES) as (keyof Use)[];
  return Object.fromEntries(units.map((unit) => [unit, use[unit] * PRICES[unit]])) as Use;
}

/** Returns the sum of a bill, in dollars. */
export const totalOf = (bill: Use) => Object.values(bill).reduce((sum, dollars) => sum + dollars, 0);

/** Returns the dollars of the CPU time of a million chats. `cpuUs`: of one chat. */
export const cpuBill = (cpuUs: number) => (cpuUs / 1000) * CPU_MS_PRICE;

/** Returns the dollars of the tokens of a million chats. `input` and `output`: dollars per million tokens. */
export const tokensBill = ({ input, output }: { input: number; output: number }) =>
  ASSUMED.inputTokens * input + ASSUMED.outputTokens * output;
