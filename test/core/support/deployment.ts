// A deployment with a budget, in Node: its isolates, and the objects of all users and of the budget. Tests set the date.

import { vi } from "vitest";
import { chooseModel } from "../../../src/core/catalog/choose.ts";
import type { Catalog } from "../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../src/core/env.ts";
import type { Claim } from "../../../src/core/quota/account.ts";
import { admit } from "../../../src/core/quota/admission.ts";
import type { Reservation } from "../../../src/core/quota/ledger.ts";
import type { AllotmentRequest, BudgetReservation } from "../../../src/core/quota/budget-ledger.ts";
import { lowerReservation, reserveInBudget } from "../../../src/core/quota/budget-ledger.ts";
import { giveBack, reserve, settle, view } from "../../../src/core/quota/ledger.ts";
import { toLimits } from "../../../src/core/quota/limits.ts";
import type { Ledger } from "../../../src/core/quota/state.ts";
import { emptyLedger } from "../../../src/core/quota/state.ts";
import type { Limits } from "../../../src/core/quota/view.ts";
import { packView } from "../../../src/core/quota/view.ts";
import { cardDocument, catalogDocument, complete } from "../../support/catalog-documents.ts";
import { provideScheduler } from "./scheduler.ts";

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

interface Entry {
  isolate?: number;
  remains?: "work";
}

/** A deployment whose plan and budget have these windows. */
export function createDeployment({ budget, plan }: { budget?: unknown[]; plan: object }) {
  // An isolate is known by its copy of the catalog.
  const catalogs: Catalog[] = [];
  const catalogOf = (isolate: number) => (catalogs[isolate] ??= catalogWith(budget, plan));
  const catalog = catalogOf(0);
  const objects = new Map<string, { ledger: Ledger } & Counters>();
  const works: Promise<unknown>[] = [];
  provideScheduler();
  /** Runs before and after each call of an object. */
  type Hook = (name: string, method: string) => Promise<void> | void;
  const hooks: { before?: Hook; after?: Hook } = {};

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
        await hooks.after?.(name, method);
        return next;
      };
    const reserving = call("reserve", (ledger, _claim: Claim, limits: Limits, reservation: Reservation) =>
      reserve(ledger, limits, reservation, Date.now()),
    );
    const taking = call(
      "reserve",
      (ledger, limits: Limits, reservation: BudgetReservation, wanted?: AllotmentRequest) =>
        reserveInBudget(ledger, limits, reservation, wanted, Date.now()),
    );
    const lowering = call("lower", (ledger, lowered: Parameters<typeof lowerReservation>[1]) =>
      lowerReservation(ledger, lowered, Date.now()),
    );
    const settling = call("settle", (ledger, _limits: Limits, settlement: Parameters<typeof settle>[1]) =>
      settle(ledger, settlement, Date.now()),
    );
    const giving = call("giveBack", (ledger, key: string) => giveBack(ledger, key, Date.now()));
    return {
      reserve: async (...args: Parameters<typeof reserving>) => {
        const { ledger, result } = await reserving(...args);
        return { ...result, view: packView(result.view, ledger.at) };
      },
      reserveInBudget: async (...args: Parameters<typeof taking>) => (await taking(...args)).result,
      lower: async (...args: Parameters<typeof lowering>) => void (await lowering(...args)),
      settleInBudget: async (settlement: Parameters<typeof settle>[1]) =>
        void (await settling({ windows: [], concurrent: 1 }, settlement)),
      settle: async (...args: Parameters<typeof settling>) =>
        packView(view((await settling(...args)).ledger, args[0], Date.now()), Date.now()),
      giveBack: async (...args: Parameters<typeof giving>) => void (await giving(...args)),
    };
  };
  const env = { USER_QUOTA: { getByName }, QUOTA_PEPPER: "test-pepper" } as unknown as Bindings;
  const dollarsIn = (name: string, windows: Catalog["plans"][string]["windows"]) => {
    const limits = toLimits({ windows, concurrent: 1000 });
    const [window] = view(objectOf(name).ledger, limits, Date.now()).windows;
    return { used: window?.used ?? 0, reserved: window?.reserved ?? 0 };
  };
  const windows = catalog.plans["free"]?.windows ?? [];
  const waitUntil = (work: Promise<unknown>) => void works.push(work);

  return {
    hooks,
    /** A request of `inputBytes` bytes by a user, in one of the isolates. */
    enter: (subject: string, inputBytes = 100, { isolate = 0, remains }: Entry = {}) => {
      const demand = { inputBytes, images: 0, choices: 1, maxOutputTokens: undefined };
      const { model } = chooseModel(catalogOf(isolate), "default", NOON);
      return admit({
        env,
        user: { issuer: "weir", subject, plan: "free", issuedAt: NOON },
        catalog: catalogOf(isolate),
        candidates: [{ model, exchange: { ask: { demand, remains } } }],
        key: crypto.randomUUID(),
        waitUntil,
        canCount: false,
        count: async () => undefined,
      });
    },
    /** Publishes another budget for one isolate. */
    setBudget: (isolate: number, windows: unknown[]) => void (catalogs[isolate] = catalogWith(windows, plan)),
    /** Waits for the work under `waitUntil`, and lets the time pass that it takes. */
    quiet: async () => {
      const state = { isQuiet: false };
      await vi.advanceTimersByTimeAsync(0);
      do {
        const { length } = works;
        void Promise.all(works).then(() => (state.isQuiet = length === works.length));
        await vi.advanceTimersByTimeAsync(0);
        if (!state.isQuiet) await vi.advanceTimersByTimeAsync(1000);
      } while (!state.isQuiet);
    },
    /** Nano-dollars in the budget. */
    budget: () => dollarsIn("budget", catalog.budget?.windows ?? []),
    /** Nano-dollars of all users together. */
    users: () => {
      const all = [...objects.keys()].filter((name) => name !== "budget").map((name) => dollarsIn(name, windows));
      const sum = (field: "used" | "reserved") => all.reduce((total, each) => total + each[field], 0);
      return { used: sum("used"), reserved: sum("reserved") };
    },
    counters: (name: string): Counters => {
      const { calls, writes } = objectOf(name);
      return { calls, writes };
    },
    names: () => [...objects.keys()],
  };
}
