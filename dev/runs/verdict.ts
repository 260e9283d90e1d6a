// The verdict on the rounds: charges, bills, answers and log lines that must hold.

import { quotaName } from "../../src/core/quota/name.ts";
import type { Ledger } from "../../src/core/quota/state.ts";
import { PEPPER } from "../killable.ts";
import type { PlayedRun } from "./phone.ts";
import type { Outcome } from "./rounds.ts";
import { billName, MAX_OUTPUT_TOKENS } from "./rounds.ts";

/** Events that Weir logs when it could not do what it promises. */
const TROUBLE =
  /"event":"(run_broken|run_not_stored|run_not_settled|settle_failed|bound_exceeded)"|uncaught exception/i;
/** The most tokens of a bound beside the input and the output. */
const TEMPLATE_TOKENS = 64;

/** Returns what is wrong, in one line each. */
export async function violationsOf({ played, times, atEnd, billed, log }: Outcome): Promise<string[]> {
  const slow = played.filter(({ tookMs }) => tookMs > Math.min(times.totalMs, times.keepMs));
  const byUser = Map.groupBy(played, ({ run }) => run.user);
  const accounts = [...byUser].map(async ([subject, runs]) => {
    const ledger = atEnd.ledgers.get(await quotaName({ issuer: "weir", subject }, PEPPER));
    return ledgerFaults(runs, ledger, billed).map((fault) => `${subject}: ${fault}`);
  });
  return [
    ...(slow.length > 0 ? [`${slow.length} runs took too long: repeat this with fewer runs or a faster machine`] : []),
    ...played.flatMap(({ run, faults }) => faults.map((fault) => `${run.behaviour} ${run.key}: ${fault}`)),
    ...played.flatMap((each) => billFaults(each, billed)),
    ...(await Promise.all(accounts)).flat(),
    ...log.split("\n").filter((line) => TROUBLE.test(line)),
  ];
}

type Billed = Outcome["billed"];

/** The bills of answers. A count of the input has no model, and no tokens. */
const billsOf = ({ run }: PlayedRun, billed: Billed) =>
  (billed.by_name[billName(run)] ?? []).filter(({ model }) => model !== null);
const billedTokens = (played: PlayedRun, billed: Billed) =>
  billsOf(played, billed).reduce((sum, { input, output }) => sum + input + output, 0);

/** The provider was asked once for a complete answer, and never twice. */
function billFaults(played: PlayedRun, billed: Billed): string[] {
  const { length } = billsOf(played, billed);
  const isWrong = length > 1 || (played.ending === "stop" && length === 0);
  return isWrong ? [`${played.run.key}: the provider was asked ${length} times, and it ended: ${played.ending}`] : [];
}

/**
 * Each run counts one request, unless it was lost before its reservation. It costs its bill, or an estimate that is not
 * below its bill.
 */
function ledgerFaults(runs: PlayedRun[], ledger: Ledger | undefined, billed: Billed): string[] {
  const used = (window: string) => ledger?.used[window]?.amount ?? 0;
  const sum = (valueOf: (played: PlayedRun) => number) => runs.reduce((total, each) => total + valueOf(each), 0);
  const leastRequests = sum((each) => billsOf(each, billed).length);
  const leastTokens = sum((each) => billedTokens(each, billed));
  const mostTokens = sum((each) => (each.ending === "stop" ? billedTokens(each, billed) : boundOf(each)));
  const leases = Object.values(ledger?.leases ?? {});
  const running = leases.filter(({ ended }) => !ended);
  // Nobody settles a reservation without a run, when the phone does not repeat its request.
  const lost = runs.filter((each) => hasGivenUp(each) && billsOf(each, billed).length === 0);
  return [
    ...outside("requests", used("requests/month"), leastRequests, runs.length),
    ...outside("tokens", used("tokens/month"), leastTokens, mostTokens),
    ...(running.length > 0 ? [`${running.length} leases are left`] : []),
    ...outside("expired leases", leases.length - running.length, 0, lost.length),
  ];
}

const hasGivenUp = ({ ending }: PlayedRun) => ending === "abandoned" || ending === "unstarted";

const outside = (unit: string, value: number, least: number, most: number) =>
  value >= least && value <= most ? [] : [`${value} ${unit}, not ${least} to ${most}`];

const boundOf = ({ run }: PlayedRun) =>
  new TextEncoder().encode(JSON.stringify(run.body)).length + TEMPLATE_TOKENS + MAX_OUTPUT_TOKENS;
