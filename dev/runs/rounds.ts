// Plays a plan: starts Weir and the phones of each round, kills Weir, and looks at what it has stored.

import { setTimeout as sleep } from "node:timers/promises";
import type { Stats } from "../provider/kernel/exchange.ts";
import bundled from "../../src/core/catalog/default.json" with { type: "json" };
import type { KillableWeir } from "../killable.ts";
import { createKillableWeir } from "../killable.ts";
import type { PhoneRun, PlayedRun, Server } from "./phone.ts";
import { playPhone } from "./phone.ts";
import type { Plan, PlannedRun } from "./plan.ts";
import type { StoredObjects } from "./stored.ts";
import { readObjects } from "./stored.ts";

const MODEL = "gpt-6.1-terra";
/** The emulation is slower. With this speed, no estimate is below the provider's bill. */
const MAX_TOKENS_PER_SECOND = 1000;
export const MAX_OUTPUT_TOKENS = 2000;
/** After the last kill, every run ends within this time. */
const PATIENCE_MS = 30_000;
/** Alarms are not punctual. */
const ALARM_GRACE_MS = 1000;
/** Letters of several bytes, and characters outside the basic plane. */
const SENTENCE = "Das Wehr hält den Fluß auf, 日本の川も。🌊 ";

export interface Times {
  /** A run takes less. */
  totalMs: number;
  keepMs: number;
  /** Wait until the alarms have deleted everything. */
  awaitAlarms: boolean;
}

/** What was played, and what is left of it. */
export interface Outcome {
  times: Times;
  played: PlayedRun[];
  /** What is left at the end. */
  atEnd: StoredObjects;
  billed: Stats["billed"];
  log: string;
}

/** The name of a run in the provider's book. */
export const billName = ({ key }: Pick<PhoneRun, "key">) => key.replaceAll("-", "");

export async function playRounds(plan: Plan, times: Times, print: (line: string) => void): Promise<Outcome> {
  const weir = await createKillableWeir(createCatalog(times));
  try {
    return await play(weir, plan, times, print);
  } finally {
    weir.remove();
  }
}

async function play(weir: KillableWeir, plan: Plan, times: Times, print: (line: string) => void): Promise<Outcome> {
  const patience = new AbortController();
  let kills = 0;
  let running = Promise.withResolvers<string>();
  const server: Server = {
    url: () => running.promise,
    get kills() {
      return kills;
    },
    isLate: patience.signal,
  };
  const phones: Promise<PlayedRun>[] = [];
  for (const [round, uptimeMs] of plan.uptimesMs.entries()) {
    const { url, kill } = await weir.start();
    await warmUp(weir, url);
    running.resolve(url);
    const killAt = performance.now() + uptimeMs;
    for (const run of plan.runs.filter((each) => each.round === round)) {
      phones.push(createRun(weir, run).then((created) => startLater(created, server, killAt)));
    }
    await sleepUntil(killAt);
    running = Promise.withResolvers<string>();
    kills += 1;
    await kill();
    print(`round ${round + 1}: killed after ${uptimeMs} ms, with ${describe(readObjects(weir.storage))}`);
  }
  const last = await weir.start();
  running.resolve(last.url);
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  const played = await Promise.all(phones);
  clearTimeout(timer);
  if (times.awaitAlarms) await sleep(times.totalMs + times.keepMs + ALARM_GRACE_MS);
  await last.kill();
  const stats = (await (await fetch(`${weir.provider.url}/__stats`)).json()) as Stats;
  return { times, played, atEnd: readObjects(weir.storage), billed: stats.billed, log: weir.readLog() };
}

const sleepUntil = (at: number) => sleep(Math.max(0, at - performance.now()));

/** A new process compiles its code during its first request, which can take longer than a round. */
async function warmUp(weir: KillableWeir, url: string): Promise<void> {
  const headers = { authorization: `Bearer ${await weir.createToken("warm-up")}` };
  const response = await fetch(`${url}/chat`, {
    method: "POST",
    headers,
    body: JSON.stringify({ model: MODEL, input: "Hi" }),
  });
  await response.text();
}

async function startLater(run: PhoneRun, server: Server, killAt: number): Promise<PlayedRun> {
  await sleepUntil(killAt - run.beforeKillMs);
  return playPhone(run, server);
}

async function createRun(weir: KillableWeir, planned: PlannedRun): Promise<PhoneRun> {
  const { user, firstMs, delayMs, sentences } = planned;
  const key = crypto.randomUUID();
  const text = key + SENTENCE.repeat(sentences);
  const script = { text, reasoning: 0, first_ms: firstMs, delay_ms: delayMs };
  const input = `emulate ${JSON.stringify(script)}\nemulate-bill-${billName({ key })}`;
  return { ...planned, key, text, token: await weir.createToken(user), body: { model: MODEL, input } };
}

/** The states between two steps of a run show that a kill came there. */
function describe({ runs, ledgers }: StoredObjects): string {
  const open = runs.filter(({ state }) => state === "open");
  const leases = [...ledgers.values()].flatMap((ledger) => Object.keys(ledger.leases));
  const recorded = new Set(runs.map(({ lease }) => lease?.key));
  const unrecorded = leases.filter((key) => !recorded.has(key));
  const settled = open.filter(({ lease }) => !leases.includes(lease?.key ?? ""));
  return [
    `${open.length} open runs`,
    `${settled.length} of them settled`,
    `${unrecorded.length} reservations without a run`,
    `${runs.length - open.length} ended runs`,
  ].join(", ");
}

function createCatalog({ totalMs, keepMs }: Times): object {
  const windows = ["tokens", "requests"].map((unit) => ({ unit, per: "month", limit: 100_000_000 }));
  const card = {
    ...bundled.cards[MODEL],
    endpoints: ["chat_completions"],
    max_tokens_per_second: MAX_TOKENS_PER_SECOND,
  };
  return {
    ...bundled,
    budget: undefined,
    cards: { ...bundled.cards, [MODEL]: card },
    plans: { ...bundled.plans, chaos: { windows, concurrent: 100, max_output_tokens: MAX_OUTPUT_TOKENS } },
    default_plan: "chaos",
    timing: { total_ms: totalMs, lease_grace_ms: 0 },
    runs: { keep_ms: keepMs, flush_ms: 100 },
  };
}
