// Counts what Cloudflare bills by number for a chat or a run: object calls, rows, alarms, KV reads and log lines.

import { requireExpected } from "./answer.ts";
import type { Counts } from "./bill.ts";
import { ASSUMED, callsOf, perChat } from "./bill.ts";
import { send, sendAndLeave, sendMany } from "./load.ts";
import { runAndResume, withoutUsage } from "./requests.ts";
import type { Server, Testbed } from "./testbed.ts";

export interface CountCase {
  name: string;
  hasBudget: boolean;
  users: number;
  chats: number;
  /** Chats at once, of different users. In a quiet isolate, a chat begins after all work of the one before. */
  parallel: number | "quiet";
}

const BUSY = { users: 8, chats: 64 };
export const BUSY_COUNTS = "counts per chat, budget × 8";

export const COUNT_CASES: CountCase[] = [
  { name: "counts per chat, budget, quiet isolate", hasBudget: true, users: 2, chats: 4, parallel: "quiet" },
  { name: "counts per chat, budget × 1", hasBudget: true, ...BUSY, parallel: 1 },
  { name: BUSY_COUNTS, hasBudget: true, ...BUSY, parallel: 8 },
  { name: "counts per chat, no budget × 8", hasBudget: false, ...BUSY, parallel: 8 },
];

/** Counts each user's first chat, and `chats` more, in a new process. Throws when no object call was counted. */
export async function countChats({ fresh }: Testbed, one: CountCase): Promise<Record<"first" | "later", Counts>> {
  const server = await (one.hasBudget ? fresh.counted() : fresh.countedWithoutBudget());
  try {
    const first = await countSome(server, one, one.users);
    return { first, later: await countSome(server, one, one.chats) };
  } finally {
    server.stop();
  }
}

export const RUN_COUNTS = `counts per run of ${ASSUMED.runSeconds} s, one resume, budget × ${BUSY.users}`;
const RUN = {
  tokens: ASSUMED.outputTokens,
  delayMs: Math.ceil((ASSUMED.runSeconds * 1000) / ASSUMED.outputTokens),
  count: 1,
  parallel: 1,
};
/** The time in which a phone has no connection. */
const AWAY_MS = 3000;

/** Counts a run of each user, from its request to its deletion by the alarm. The caller leaves, and resumes it later. */
export async function countRuns({ fresh }: Testbed): Promise<Counts> {
  const { users } = BUSY;
  const server = await fresh.countedRuns();
  try {
    // From now on, the users' quotas are stored.
    await countSome(server, { users, parallel: users }, users);
    await fetch(`${server.url}/__counts`, { method: "DELETE" });
    await Promise.all(Array.from({ length: users }, (_, user) => runOnce(server, user)));
    while ((await readCounts(server)).alarms < users) await pause(100);
    return perChat(await countsWhenIdle(server), users);
  } finally {
    server.stop();
  }
}

async function runOnce(server: Server, user: number): Promise<void> {
  const [run, resume] = runAndResume(RUN, crypto.randomUUID());
  await sendAndLeave(server, run, user);
  await pause(AWAY_MS);
  requireExpected([await send(server, resume, user)], resume);
}

/** Returns the counts as a line of text. */
export function showCounts(counts: Counts): string {
  const { calls, rowsWritten, alarmsSet, rowsRead, kvReads, logLines } = counts;
  const others = showNumbers({ rowsWritten, alarmsSet, rowsRead, kvReads, logLines });
  return `calls ${callsOf(counts).toFixed(2)} (${showNumbers(calls)}), ${others}`;
}

function showNumbers(numbers: Record<string, number>): string {
  const shown = Object.entries(numbers).map(([name, count]) => `${name} ${count.toFixed(2)}`);
  return shown.join(", ");
}

type Load = Pick<CountCase, "users" | "parallel">;

async function countSome(server: Server, { users, parallel }: Load, chats: number): Promise<Counts> {
  await fetch(`${server.url}/__counts`, { method: "DELETE" });
  const token = (index: number) => server.token(index % users);
  if (parallel === "quiet") {
    for (let index = 0; index < chats; index++) {
      await chat(server, 1, 1, () => token(index));
      await countsWhenIdle(server);
    }
  } else {
    await chat(server, chats, parallel, token);
  }
  const counts = await countsWhenIdle(server);
  if (callsOf(counts) === 0) throw new Error("No call of an object was counted.");
  return perChat(counts, chats);
}

async function chat(server: Server, count: number, parallel: number, token: Server["token"]): Promise<void> {
  const request = withoutUsage({ tokens: 20, count, parallel });
  requireExpected(await sendMany({ ...server, token }, request, count, parallel), request);
}

/** Returns the counts when no work is running: settlements go on after the answers. */
async function countsWhenIdle(server: Server): Promise<Counts> {
  for (;;) {
    const { counts, running } = await readCounts(server);
    if (running === 0) return counts;
    await pause(10);
  }
}

/** Reads the counts, the work that is running, and the alarms that have run. */
async function readCounts({ url }: Server): Promise<{ counts: Counts; running: number; alarms: number }> {
  return (await fetch(`${url}/__counts`)).json() as Promise<{ counts: Counts; running: number; alarms: number }>;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
