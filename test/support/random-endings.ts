// The sentence of docs/settlement.md, by random endings: no way of ending a request costs the caller less than what the
// provider has done by then, up to the reservation.

import { expect } from "vitest";
import type { BilledRequest } from "../../dev/provider/kernel/bill.ts";
import type { Caller } from "./caller.ts";
import { errorOf } from "./caller.ts";
import { emulate } from "./emulation.ts";
import type { RandomRequest } from "./ending-scenarios.ts";
import { aliasOf, grantOf, LANES, randomRequests } from "./ending-scenarios.ts";
import { priceOf, spendingOf, TEMPLATE_TOKENS } from "./estimate.ts";
import type { Surface } from "./surface.ts";
import type { startWeir } from "./weir.ts";

type Weir = Awaited<ReturnType<typeof startWeir>>;

interface Amount {
  tokens: number;
  usd: number;
}

/** The facts of an answer that its caller can see. */
interface Told {
  /** All tokens by the usage of a complete answer. */
  tokens?: number;
  /** The code of an error. */
  code?: string | null | undefined;
}

interface Played {
  request: RandomRequest;
  /** Its name in the provider's book. */
  name: string;
  body: Record<string, unknown>;
  told: Told;
  charged: Amount & { requests: number; reserved: number };
}

const CLASSIFIER = "/v1/moderations";
/** Dollars are sums of floating-point numbers. */
const EPSILON_USD = 1e-12;

/** The body of a request: its script, text, words and name in the place of the surface's script. */
function bodyOf(request: RandomRequest, name: string): Record<string, unknown> {
  const { surface, script, stream, text, words = "", choices } = request;
  const content = [emulate(script), text, words, `emulate-bill-${name}`].join("\n");
  const body = JSON.stringify({ ...surface.body(script, stream), model: aliasOf(request) });
  const replaced = JSON.parse(body, (_, value: unknown) => (value === emulate(script) ? content : value)) as object;
  return { ...replaced, ...(choices > 1 && { n: choices }) };
}

/** Sends a request and ends it. */
async function send({ emulation }: Weir, user: Caller, request: RandomRequest, body: object, name: string) {
  const { surface, leaves } = request;
  const control = new AbortController();
  const answer = user.post(surface.path, body, { signal: control.signal });
  if (leaves === "first bytes") {
    await (await answer).body?.getReader().read();
    control.abort();
  } else if (leaves) {
    const whole = answer.then((response) => response.text()).catch(() => undefined);
    // A caller who leaves earlier pays nothing.
    await emulation.reached(name);
    setTimeout(() => control.abort(), leaves.afterMs);
    await whole;
  }
  return leaves ? {} : readTold(request, await answer);
}

async function readTold({ surface, stream, script }: RandomRequest, response: Response): Promise<Told> {
  if (response.status !== 200) return { code: (await errorOf(response)).code };
  // Weir cuts the connection when an answer ends while its caller is slow to read.
  const text = await response.text().catch(() => undefined);
  if (text === undefined) return {};
  const failure = stream ? surface.failure(text) : undefined;
  if (failure) return { code: failure.code };
  const tokens = surface.tokens(text, stream);
  return script.usage || Number.isNaN(tokens) ? {} : { tokens };
}

/** Plays a request. Its cost is the difference of the user's quota before and after it. */
async function play(weir: Weir, user: Caller, request: RandomRequest, name: string): Promise<Played> {
  const body = bodyOf(request, name);
  const before = await spendingOf(user);
  const told = await send(weir, user, request, body, name);
  const { tokens, requests, usd, reserved } = await spendingOf(user);
  const charged = {
    tokens: tokens - before.tokens,
    requests: requests - before.requests,
    usd: usd - before.usd,
    reserved,
  };
  return { request, name, body, told, charged };
}

function boundOf({ request, body }: Played): Amount {
  const input = request.surface.shown(body) + TEMPLATE_TOKENS;
  const output = grantOf(request) * request.choices;
  return { tokens: input + output, usd: priceOf(input, output) };
}

/** The bill of a request, without the output that a provider wrote beyond the grant. */
function billOf({ request }: Played, bills: BilledRequest[]): Amount {
  const granted = request.script.over_limit ? grantOf(request) * request.choices : Infinity;
  const amounts = bills.map(({ input, output }) => [input, Math.min(output, granted)] as const);
  return {
    tokens: amounts.reduce((sum, [input, output]) => sum + input + output, 0),
    usd: amounts.reduce((sum, amount) => sum + priceOf(...amount), 0),
  };
}

/** The faults of one settled request: what was charged beside what the provider billed. */
function faultsOf(played: Played, bills: BilledRequest[]): string[] {
  const { request, told, charged } = played;
  const [billed, bound] = [billOf(played, bills), boundOf(played)];
  const classified = bills.filter(({ path }) => path === CLASSIFIER).length;
  // Several tries are one request. Weir's own count after an answer counts none.
  const answered = bills.some(({ path }) => path === request.surface.upstream) ? 1 : 0;
  const rules: Record<string, boolean> = {
    "charged at least what was billed, up to the bound": charged.tokens >= Math.min(billed.tokens, bound.tokens),
    "dollars too": charged.usd >= Math.min(billed.usd, bound.usd) - EPSILON_USD,
    "charged at most the bound": charged.tokens <= bound.tokens && charged.usd <= bound.usd + EPSILON_USD,
    "charged the usage of a complete answer":
      told.tokens === undefined || charged.tokens === Math.min(told.tokens, bound.tokens),
    "what reached a provider counts a request": charged.requests === answered + classified,
    "nothing stays reserved": charged.reserved === 0,
  };
  const { surface, text, ...shown } = request;
  const context = JSON.stringify({ ...shown, path: surface.path, input: text.slice(0, 12), charged, bills, bound });
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [`not: ${rule}: ${context}`]));
}

/**
 * Ends `count` requests on these surfaces, checks every ledger, and returns the codes of the errors that callers got.
 * SEED in the environment repeats a run.
 */
export async function checkRandomEndings(weir: Weir, surfaces: Surface[], count: number): Promise<unknown[]> {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  const played: Played[] = [];
  const queue = randomRequests(surfaces, count, seed).entries();
  const lane = async () => {
    const user = await weir.createUser();
    for (const [index, request] of queue) played.push(await play(weir, user, request, `r${index}`));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const { active, billed } = await weir.emulation.idle();
  const faults = played.flatMap((each) => faultsOf(each, billed.by_name[each.name] ?? []));
  expect(faults, `SEED=${seed}`).toEqual([]);
  expect(active).toBe(0);
  return played.map(({ told }) => told.code);
}
