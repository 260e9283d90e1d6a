// Batches of a Weir that is killed: one user for each kill, at each stage of a batch.

import { setTimeout as sleep } from "node:timers/promises";
import type { Stats } from "../provider/kernel/exchange.ts";
import bundled from "../../src/core/catalog/default.json" with { type: "json" };
import { quotaName } from "../../src/core/quota/name.ts";
import type { Ledger } from "../../src/core/quota/state.ts";
import type { KillableWeir } from "../killable.ts";
import { createKillableWeir, PEPPER } from "../killable.ts";
import type { StoredRow } from "../object-storage.ts";
import { readStorage } from "../object-storage.ts";

/** The step that the kill interrupts. */
export type Stage = "upload" | "create" | "run" | "settle" | "delete";

export interface PlannedKill {
  stage: Stage;
  /** The time from the start of the step to the kill. */
  beforeKillMs: number;
}

const CARD = "gpt-5-mini";
const [MODEL = ""] = Object.keys(bundled.cards[CARD].snapshots);
const LINES = 3;
/** Weir takes about 40 uploads at the same time. */
const MOST_UPLOADS = 30;
/** The time of a batch at the emulated provider. */
const BATCH_SECONDS = 1;
/** A request takes less. A batch whose creation is not confirmed after four times this is searched. */
const TOTAL_MS = 1000;
const POLL_MS = 1000;
/** After the kill, the alarms have found all batches within this time, and settled them within the second one. */
const SEARCHED_MS = 4 * TOTAL_MS + POLL_MS;
const PATIENCE_MS = 20_000;
const PROBE_MS = 250;
/** Events that Weir logs when it could not do what it promises. */
const TROUBLE = /"event":"(bound_exceeded|settle_failed)"|uncaught exception/i;

/** One user with one batch. */
interface Play extends PlannedKill {
  user: string;
  token: string;
  fileId?: string;
  batchId?: string;
  outputId?: string;
}

/**
 * Kills Weir once, in the middle of all these steps, and starts it again. Prints what the kill has interrupted. Returns
 * what is wrong, in one line each.
 */
export async function playKills(plan: PlannedKill[], print: (line: string) => void): Promise<string[]> {
  const weir = await createKillableWeir(createCatalog());
  try {
    const plays = await Promise.all(
      plan.map(async (planned, index) => {
        const user = `${planned.stage}${index}`;
        return { ...planned, user, token: await weir.createToken(user) } satisfies Play;
      }),
    );
    return await play(weir, plays, print);
  } finally {
    weir.remove();
  }
}

async function play(weir: KillableWeir, plays: Play[], print: (line: string) => void): Promise<string[]> {
  const { url, kill } = await weir.start();
  const [running, others] = [
    plays.filter(({ stage }) => stage === "run"),
    plays.filter(({ stage }) => stage !== "run"),
  ];
  // Batches that run during the kill are created last.
  for (const each of [others, running]) {
    for (let first = 0; first < each.length; first += MOST_UPLOADS) {
      await Promise.all(each.slice(first, first + MOST_UPLOADS).map((play) => prepare(url, play)));
    }
  }
  const killAt = performance.now() + Math.max(...plays.map(({ beforeKillMs }) => beforeKillMs)) + PROBE_MS;
  const steps = plays.map(async (each) => {
    await sleep(Math.max(0, killAt - each.beforeKillMs - performance.now()));
    // The kill cuts the connection.
    await step(url, each).catch(() => undefined);
  });
  await sleep(Math.max(0, killAt - performance.now()));
  await kill();
  await Promise.all(steps);
  print(`killed with ${describe(weir.storage)}`);

  const second = await weir.start();
  const startedAt = performance.now();
  // Nobody asks for a batch, so only alarms settle them.
  await sleep(SEARCHED_MS);
  while ((await unsettledIn(second.url, plays)) > 0 && performance.now() - startedAt < PATIENCE_MS) {
    await sleep(PROBE_MS);
  }
  await second.kill();
  const stats = (await (await fetch(`${weir.provider.url}/__stats`)).json()) as Stats;
  const log = weir.readLog().split("\n");
  return [...(await faultsIn(weir.storage, plays, stats)), ...log.filter((line) => TROUBLE.test(line))];
}

/** Does everything that precedes the stage. */
async function prepare(url: string, play: Play): Promise<void> {
  const order: Stage[] = ["upload", "create", "run", "settle", "delete"];
  const isAfter = (stage: Stage) => order.indexOf(play.stage) > order.indexOf(stage);
  if (isAfter("upload")) await upload(url, play);
  if (isAfter("create")) await create(url, play);
  if (!isAfter("run")) return;
  await sleep(BATCH_SECONDS * 1000 + PROBE_MS);
  if (isAfter("settle")) await settle(url, play);
}

const step = (url: string, play: Play): Promise<void> =>
  ({ upload, create, run: settle, settle, delete: deleteOutput })[play.stage](url, play);

async function upload(url: string, play: Play): Promise<void> {
  const form = new FormData();
  form.set("purpose", "batch");
  form.set("file", new Blob([linesOf(play)]), `${play.user}.jsonl`);
  play.fileId = (await call<{ id: string }>(url, play, "/v1/files", { method: "POST", body: form })).id;
}

async function create(url: string, play: Play): Promise<void> {
  const body = JSON.stringify({
    input_file_id: play.fileId,
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
    metadata: { emulate: JSON.stringify({ batch_seconds: BATCH_SECONDS }) },
  });
  const headers = { "content-type": "application/json" };
  play.batchId = (await call<{ id: string }>(url, play, "/v1/batches", { method: "POST", body, headers })).id;
}

async function settle(url: string, play: Play): Promise<void> {
  const batch = await call<{ output_file_id?: string }>(url, play, `/v1/batches/${play.batchId}`);
  if (batch.output_file_id) play.outputId = batch.output_file_id;
}

async function deleteOutput(url: string, play: Play): Promise<void> {
  await call(url, play, `/v1/files/${play.outputId}`, { method: "DELETE" });
}

async function call<Answer>(url: string, { user, token }: Play, path: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` };
  const response = await fetch(url + path, { ...init, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${user}: ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Answer;
}

function linesOf({ user }: Play): string {
  const lines = Array.from({ length: LINES }, (_, index) => {
    const content = `emulate ${JSON.stringify({ tokens: 5 + index, reasoning: 0 })}\nemulate-bill-${user}`;
    const body = { model: MODEL, max_completion_tokens: 100, messages: [{ role: "user", content }] };
    return JSON.stringify({ custom_id: `line-${index}`, method: "POST", url: "/v1/chat/completions", body });
  });
  return lines.join("\n");
}

/** The states between two steps of a batch show that a kill came there. */
function describe(storage: string): string {
  return readStorage(storage, ({ ledgers, rowsOf }) => {
    const rowsIn = (table: string) => rowsOf("UserJobs", table).flatMap(({ rows }) => rows);
    const jobs = rowsIn("jobs");
    const leases = new Set([...ledgers.values()].flatMap((ledger) => Object.keys(ledger.leases)));
    const unsettled = jobs.filter((job) => job["check_at"] !== null);
    const isReserved = (job: StoredRow) => leases.has(String(job["key"]));
    return [
      `${rowsIn("uploads").length} open uploads`,
      `${jobs.filter((job) => job["id"] === null).length} unconfirmed jobs`,
      `${unsettled.filter(isReserved).length} reserved ones`,
      `${unsettled.filter((job) => !isReserved(job)).length} without a reservation`,
      `${jobs.length - unsettled.length} settled ones`,
    ].join(", ");
  });
}

/** The number of users with a reserved job, as an operator sees them. */
async function unsettledIn(url: string, plays: Play[]): Promise<number> {
  const reserved = plays.map(async ({ user, token }) => {
    const response = await fetch(`${url}/usage`, { headers: { authorization: `Bearer ${token}` } });
    const { windows } = (await response.json()) as { windows: { reserved: number }[] };
    return { user, isReserved: windows.some(({ reserved }) => reserved > 0) };
  });
  return (await Promise.all(reserved)).filter(({ isReserved }) => isReserved).length;
}

/** Each user is charged what the provider bills, and nothing is left. */
async function faultsIn(storage: string, plays: Play[], { billed }: Stats): Promise<string[]> {
  const names = new Map<string, Play>();
  for (const each of plays) names.set(await quotaName({ issuer: "weir", subject: each.user }, PEPPER), each);
  return readStorage(storage, ({ ledgers, rowsOf }) => {
    const jobs = rowsOf("UserJobs", "jobs").flatMap(({ rows }) => rows);
    const files = new Set(rowsOf("UserJobs", "files").flatMap(({ rows }) => rows.map(({ id }) => id)));
    return [...names].flatMap(([name, each]) => {
      const bills = (billed.by_name[each.user] ?? []).filter(({ model }) => model !== null);
      const faults = [
        ...ledgerFaults(ledgers.get(name), bills),
        ...jobFaults(
          jobs.filter(({ owner }) => owner === name),
          bills.length,
        ),
        ...(each.fileId !== undefined && !files.has(each.fileId) ? [`the file ${each.fileId} has no owner`] : []),
      ];
      return faults.map((fault) => `${each.user}, killed after ${each.beforeKillMs} ms: ${fault}`);
    });
  });
}

function ledgerFaults(ledger: Ledger | undefined, bills: { input: number; output: number }[]): string[] {
  const charged = ledger?.used["tokens/month"]?.amount ?? 0;
  const tokens = bills.reduce((sum, { input, output }) => sum + input + output, 0);
  const leases = Object.keys(ledger?.leases ?? {});
  return [
    ...(charged === tokens ? [] : [`${charged} tokens are charged, and ${tokens} billed`]),
    ...(leases.length === 0 ? [] : [`${leases.length} reservations are left`]),
  ];
}

function jobFaults(jobs: StoredRow[], bills: number): string[] {
  const unsettled = jobs.filter((job) => job["check_at"] !== null);
  return [
    ...(unsettled.length === 0 ? [] : [`${unsettled.length} jobs are not settled`]),
    ...(bills === 0 || bills === LINES ? [] : [`${bills} lines have run, not ${LINES}`]),
    ...(jobs.length === bills / LINES ? [] : [`${jobs.length} jobs are stored, and ${bills} lines have run`]),
  ];
}

function createCatalog(): object {
  const windows = ["tokens", "requests"].map((unit) => ({ unit, per: "month", limit: 100_000_000 }));
  const card = { ...bundled.cards[CARD], snapshots: { [MODEL]: {} } };
  return {
    ...bundled,
    budget: undefined,
    cards: { ...bundled.cards, [CARD]: card },
    plans: { ...bundled.plans, chaos: { windows, concurrent: 100, max_output_tokens: 2000 } },
    default_plan: "chaos",
    timing: { total_ms: TOTAL_MS, lease_grace_ms: 0 },
    files: { poll_ms: POLL_MS, max_poll_ms: POLL_MS },
  };
}
