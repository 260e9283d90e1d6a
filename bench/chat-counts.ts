// Counts what Cloudflare bills by number for a chat: object calls, rows, alarms, KV reads and log lines.

import type { Counts } from "./bill.ts";
import { callsOf, perChat } from "./bill.ts";
import { requireExpected } from "./answer.ts";
import { sendMany } from "./load.ts";
import type { Workload } from "./requests.ts";
import { withoutUsage } from "./requests.ts";
import type { CountResult } from "./results.ts";
import type { Server, Testbed } from "./testbed.ts";

export interface CountCase {
  name: string;
  hasBudget: boolean;
  /** Chats at once, each of another user. */
  parallel: number;
}

const USERS = 8;
const CHATS = 64;

export const COUNT_CASES: CountCase[] = [
  { name: "counts per chat, budget × 8", hasBudget: true, parallel: USERS },
  { name: "counts per chat, budget × 1", hasBudget: true, parallel: 1 },
  { name: "counts per chat, no budget × 8", hasBudget: false, parallel: USERS },
];

/** Counts 64 chats of 8 users in a new process, after each user's first chat. Throws when no call was counted. */
export async function countChats(
  { fresh }: Testbed,
  { hasBudget, parallel }: CountCase,
): Promise<Omit<CountResult, "case">> {
  const server = await (hasBudget ? fresh.counted() : fresh.countedWithoutBudget());
  try {
    const first = await countSome(server, USERS, parallel);
    return { first, later: await countSome(server, CHATS, parallel) };
  } finally {
    server.stop();
  }
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

async function countSome(server: Server, chats: number, parallel: number): Promise<Counts> {
  const url = `${server.url}/__counts`;
  await fetch(url, { method: "DELETE" });
  const workload: Workload = { tokens: 20, count: chats, parallel };
  const request = withoutUsage(workload);
  // Users take turns, so that chats at the same time are of different users.
  const users: Server = { ...server, token: (index) => server.token(index % USERS) };
  requireExpected(await sendMany(users, request, chats, parallel), request);
  for (;;) {
    const { counts, running } = (await (await fetch(url)).json()) as { counts: Counts; running: number };
    if (running === 0) {
      if (callsOf(counts) === 0) throw new Error("No call of an object was counted.");
      return perChat(counts, chats);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
