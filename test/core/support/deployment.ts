// A deployment with a budget, in Node: the objects of all users and of the budget, with one clock.

import { chooseModel } from "../../../src/core/catalog/choose.ts";
import type { Catalog } from "../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../src/core/env.ts";
import type { Claim } from "../../../src/core/quota/account.ts";
import { admit } from "../../../src/core/quota/admission.ts";
import type { Reservation } from "../../../src/core/quota/ledger.ts";
import { giveBack, replace, reserve, settle, view } from "../../../src/core/quota/ledger.ts";
import { toLimits } from "../../../src/core/quota/limits.ts";
import type { Ledger } from "../../../src/core/quota/state.ts";
import { emptyLedger } from "../../../src/core/quota/state.ts";
import type { Limits } from "../../../src/core/quota/view.ts";
import { cardDocument, catalogDocument, complete } from "../../support/catalog-documents.ts";

export const NOON = Date.UTC(2026, 10, 23, 12);
export const LEASE_MS = 690_000;

/** One dollar per million tokens, and `plan` for everybody. */
const catalogWith = (budget: unknown, plan: object): Catalog =>
  complete(
    catalogDocument({
      min_output_tokens: 10,
      cards: { swift: cardDocument({ "swift-1": {} }, { prices: { input: 1, output: 1 } }) },
      plans: { free: { concurrent: 1000, max_output_tokens: 100, ...plan } },
      ...(budget === undefined ? {} : { budget: { windows: budget } }),
    }),
  );

/** The number of an object's calls, and of its writes. */
interface Counters {
  calls: number;
  writes: number;
}

/** A deployment whose plan and budget have these windows. */
export function createDeployment({ budget, plan }: { budget?: unknown[]; plan: object }) {
  const catalog = catalogWith(budget, plan);
  const objects = new Map<string, { ledger: Ledger } & Counters>();
  const clock = { now: NOON };
  const works: Promise<unknown>[] = [];
  /** Runs before each call of an object. */
  const hooks: { before?: (name: string, method: string) => Promise<void> | void } = {};

  const objectOf = (name: string) => {
    const object = objects.get(name) ?? { ledger: emptyLedger(), calls: 0, writes: 0 };
    objects.set(name, object);
    return object;
  };
  const getByName = (name: string) => {
    const call =
      <Args extends unknown[], Next extends { ledger: Ledger; changed: boolean }>(
        method: string,
        work: (ledger: Ledger, ...args: Args) => Next,
      ) =>
      async (...args: Args): Promise<Next> => {
        const object = objectOf(name);
        object.calls += 1;
        await hooks.before?.(name, method);
        const next = work(object.ledger, ...args);
        if (next.changed) Object.assign(object, { ledger: next.ledger, writes: object.writes + 1 });
        return next;
      };
    const reserving = call("reserve", (ledger, _claim: Claim, limits: Limits, reservation: Reservation) =>
      reserve(ledger, limits, reservation, clock.now),
    );
    const replacing = call("replace", (ledger, limits: Limits, reservation: Reservation) =>
      replace(ledger, limits, reservation, clock.now),
    );
    const settling = call("settle", (ledger, _limits: Limits, settlement: Parameters<typeof settle>[1]) =>
      settle(ledger, settlement, clock.now),
    );
    const giving = call("giveBack", (ledger, key: string) => giveBack(ledger, key, clock.now));
    return {
      reserve: async (...args: Parameters<typeof reserving>) => (await reserving(...args)).result,
      replaceReservation: async (...args: Parameters<typeof replacing>) => (await replacing(...args)).result,
      settle: async (...args: Parameters<typeof settling>) =>
        view((await settling(...args)).ledger, args[0], clock.now),
      giveBack: async (...args: Parameters<typeof giving>) => void (await giving(...args)),
    };
  };
  const env = { USER_QUOTA: { getByName }, QUOTA_PEPPER: "test-pepper" } as unknown as Bindings;
  const dollarsIn = (name: string, windows: Catalog["plans"][string]["windows"]) => {
    const limits = toLimits({ windows, concurrent: 1000 });
    const [window] = view(objectOf(name).ledger, limits, clock.now).windows;
    return { used: window?.used ?? 0, reserved: window?.reserved ?? 0 };
  };
  const windows = catalog.plans["free"]?.windows ?? [];
  const waitUntil = (work: Promise<unknown>) => void works.push(work);

  return {
    clock,
    hooks,
    /** A request of `inputBytes` bytes by a user. */
    enter: (subject: string, inputBytes = 100) => {
      const demand = { inputBytes, images: 0, choices: 1, maxOutputTokens: undefined };
      const { model } = chooseModel(catalog, "default", NOON);
      return admit({
        env,
        user: { issuer: "weir", subject, plan: "free", issuedAt: NOON },
        catalog,
        candidates: [{ model, exchange: { ask: { demand } } }],
        key: crypto.randomUUID(),
        waitUntil,
        canCount: false,
        count: async () => undefined,
      });
    },
    /** Waits for the work that was left to `waitUntil`. */
    quiet: async () => {
      while (works.length > 0) await works.shift();
    },
    /** Nano-dollars in the budget. */
    budget: () => dollarsIn("budget", catalog.budget?.windows ?? []),
    /** Nano-dollars of all users together. */
    users: () => {
      const all = [...objects.keys()].filter((name) => name !== "budget").map((name) => dollarsIn(name, windows));
      const sum = (field: "used" | "reserved") => all.reduce((total, each) => total + each[field], 0);
      return { used: sum("used"), reserved: sum("reserved") };
    },
    counters: (name: string): Counters => objectOf(name),
    names: () => [...objects.keys()],
  };
}
