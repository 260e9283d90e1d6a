// Counts what Cloudflare bills by number for a chat: object calls, rows, alarms, KV reads and log lines.

import { requireExpected } from "./answer.ts";
import type { Counts } from "./bill.ts";
import { callsOf, perChat } from "./bill.ts";
import { sendMany } from "./load.ts";
import { withoutUsage } from "./requests.ts";
import type { CountResult } from "./results.ts";
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

export const COUNT_CASES: CountCase[] = [
  { name: "counts per chat, budget, quiet isolate", hasBudget: true, users: 2, chats: 4, parallel: "quiet" },
  { name: "counts per chat, budget × 1", hasBudget: true, ...BUSY, parallel: 1 },
  { name: "counts per chat, budget × 8", hasBudget: true, ...BUSY, parallel: 8 },
  { name: "counts per chat, no budget × 8", hasBudget: false, ...BUSY, parallel: 8 },
];

/** Counts each user's first chat, and `chats` more, in a new process. Throws when no object call was counted. */
export async function countChats({ fresh }: Testbed, one: CountCase): Promise<Omit<CountResult, "case">> {
  const server = await (one.hasBudget ? fresh.counted() : fresh.countedWithoutBudget());
  try {
    const first = await countSome(server, one, one.users);
    return { first, later: await countSome(server, one, one.chats) };
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

async function countSome(server: Server, { users, parallel }: CountCase, chats: number): Promise<Counts> {
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
async function countsWhenIdle({ url }: Server): Promise<Counts> {
  for (;;) {
    const { counts, running } = (await (await fetch(`${url}/__counts`)).json()) as { counts: Counts; running: number };
    if (running === 0) return counts;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
