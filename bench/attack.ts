// `npm run bench:attack`: the charges of a hostile caller beside the bills of the emulated provider.
// Exits with code 1 when an attack costs the caller less than the provider bills, up to the reservation.

import { parseArgs } from "node:util";
import { parseCommandLine, UsageError } from "../dev/command-line.ts";
import { startStack } from "../dev/stack.ts";
import { createToken } from "../dev/token.ts";
import type { Caller } from "../test/support/caller.ts";
import { createCaller, dollarsOf } from "../test/support/caller.ts";
import { createEmulation } from "../test/support/emulation.ts";
import type { Row } from "./attack-rows.ts";
import { MEDIA_ROWS } from "./attack-media-rows.ts";
import { attackedCatalog, CHAT_ROWS, FLOOD_REQUESTS, LANES, PRICES, SHORT_OUTPUT } from "./attack-rows.ts";

interface Amount {
  tokens: number;
  usd: number;
  requests: number;
}

const ROWS = [...CHAT_ROWS, ...MEDIA_ROWS];
const FLOOD_MS = 1000;
const COLUMNS = ["attack", "billed tokens", "charged", "billed, $", "charged, $", "provider requests", "counted", ""];
/** The counter of the provider. Weir asks it after an answer without usage, whose tokens bound the number of counts. */
const COUNTER = "/v1/responses/input_tokens";
/** Dollars are sums of floating-point numbers. */
const EPSILON_USD = 1e-9;

const rows = parseCommandLine("npm run bench:attack -- [NAME]", () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean" } } });
  const words = positionals.join(" ");
  const named = ROWS.filter(({ name }) => name.includes(words));
  if (named.length === 0) throw new UsageError(`No attack in bench/attack*-rows.ts has '${words}' in its name.`);
  return { ...values, named };
}).named;

// The provider is bound as a service, because workerd does not see that a silent connection was closed.
const { url, harness } = await startStack({ emulate: true, provider: { PACE_MS: "0" } });
const { CATALOG } = await harness
  .getWorker<{ CATALOG: { put(key: string, value: string): Promise<void> } }>("weir")
  .getEnv();
await CATALOG.put("catalog:rev:attack", JSON.stringify(attackedCatalog()));
await CATALOG.put("catalog:current", JSON.stringify({ active: "attack", previous: null, publishedAt: 0 }));
const provider = harness.getWorker("emulated-provider");
const emulation = createEmulation((address, init) => provider.fetch(address, init));
let leaking = 0;
try {
  printLine(COLUMNS);
  printLine(COLUMNS.map(() => "---"));
  for (const row of rows) {
    const { billed, charged, sent } = await run(row);
    const leaks = leaksOf(row, billed, charged, sent);
    if (leaks.length > 0) leaking++;
    const verdict = leaks.length === 0 ? "holds" : `LEAKS ${leaks.join(", ")}`;
    const pairs = (["tokens", "usd", "requests"] as const).flatMap((unit) => [billed[unit], charged[unit]]);
    printLine([row.name, ...pairs.map((amount) => amount.toLocaleString("en", { maximumFractionDigits: 3 })), verdict]);
  }
} finally {
  await harness.close();
}
process.exitCode = leaking === 0 ? 0 : 1;

/** The price in dollars. */
function priceOf({ prices = PRICES }: Row, input: number, output: number): number {
  return (input * prices.input + output * prices.output) / 1e6;
}

/** Runs an attack by a user of its own. */
async function run(row: Row): Promise<{ billed: Amount; charged: Amount; sent: number }> {
  await emulation.zero();
  const token = await createToken(row.name, row.isFlood ? "flooder" : "attacker");
  const user = createCaller((path, init) => fetch(`${url}${path}`, init), token);
  const sent = await Promise.all(Array.from({ length: LANES }, () => attack(user, row)));
  const { billed, by_path } = await emulation.idle();
  const charged = { ...(await user.settled()), usd: dollarsOf(await user.usage()) };
  const calls = Object.entries(by_path).map(([path, count]) => (path === COUNTER && path !== row.path ? 0 : count));
  const requests = calls.reduce((sum, count) => sum + count, 0) * (row.entries ?? 1);
  const { input, output } = billed;
  return {
    billed: { tokens: input + output, usd: priceOf(row, input, output), requests },
    charged,
    sent: sent.reduce((sum, count) => sum + count, 0),
  };
}

/** Sends one request, or requests without a pause for a while. Returns how many. */
async function attack(user: Caller, { path, body, leavesMs, isFlood = false }: Row): Promise<number> {
  const until = performance.now() + FLOOD_MS;
  let sent = 0;
  const isOver = () => !isFlood || performance.now() >= until;
  do {
    const leaving = leavesMs === undefined ? {} : { signal: AbortSignal.timeout(leavesMs) };
    const answer = user.post(path, body, leaving).then((response) => response.text());
    await answer.catch(() => "");
    sent++;
  } while (!isOver());
  return sent;
}

/** The units in which the caller paid less than the provider bills. */
function leaksOf(row: Row, billed: Amount, charged: Amount, sent: number): string[] {
  // The bytes of the messages, which are fewer than those of the reservation's bound.
  const { messages } = row.body as { messages?: unknown };
  const [input, output] = [Buffer.byteLength(JSON.stringify({ messages })) * sent, SHORT_OUTPUT * sent];
  const reserved = row.exceedsGrant ? { tokens: input + output, usd: priceOf(row, input, output) } : billed;
  return [
    ...(charged.tokens < Math.min(billed.tokens, reserved.tokens) ? ["tokens"] : []),
    ...(charged.usd < Math.min(billed.usd, reserved.usd) - EPSILON_USD ? ["dollars"] : []),
    ...(charged.requests < billed.requests || (row.isFlood && billed.requests > FLOOD_REQUESTS) ? ["requests"] : []),
  ];
}

function printLine(cells: string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}
