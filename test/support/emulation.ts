// The emulated provider for tests: scripted answers, and its totals.

import type { BilledRequest } from "../../dev/provider/kernel/bill.ts";
import type { Stats as ProviderStats } from "../../dev/provider/kernel/exchange.ts";
import type { RouteFault } from "../../dev/provider/kernel/route-faults.ts";
import type { Script } from "../../dev/provider/kernel/script.ts";
import { repeatUntil } from "./repeat.ts";

export interface Stats extends ProviderStats {
  last: { method: string; path: string; headers: Record<string, string>; body: Record<string, unknown> } | null;
}

const STATS_URL = "http://provider/__stats";
const FAULTS_URL = "http://provider/__faults";

/** A user message that makes the provider answer as scripted. */
export function emulate(script: Script): string {
  return `emulate ${JSON.stringify(script)}`;
}

/** The provider's totals through whatever reaches it: a service binding, or a handle of the test harness. */
export function createEmulation(
  send: (url: string, init?: { method: string; body?: string }) => Promise<{ json(): Promise<unknown> }>,
) {
  const read = async (path = "") => (await send(`${STATS_URL}${path}`)).json();
  const stats = async () => (await read()) as Stats;
  const billed = async (name: string) => (await read(`/billed/${name}`)) as BilledRequest[];
  return {
    stats,
    /** The bills of the requests with that name: their bodies have the word `emulate-bill-NAME`. */
    billed,
    /** The same, once one of these requests has arrived. */
    reached: (name: string) =>
      repeatUntil(
        () => billed(name),
        ({ length }) => length > 0,
      ),
    /** The totals once an exchange is open. */
    busy: () => repeatUntil(stats, ({ active }) => active > 0),
    /** The totals once no exchange is open any more. */
    idle: () => repeatUntil(stats, ({ active }) => active === 0),
    zero: async () => {
      await send(STATS_URL, { method: "DELETE" });
    },
    /** Adds a fault to the next requests of a route. */
    fault: async (fault: RouteFault) => {
      await send(FAULTS_URL, { method: "POST", body: JSON.stringify(fault) });
    },
    /** Removes all faults of routes. */
    heal: async () => {
      await send(FAULTS_URL, { method: "DELETE" });
    },
  };
}
