// A request that asks to be let in: a catalog of two models and three plans, one user, and a counter that the test plays.

import { chooseModel } from "../../../src/core/catalog/choose.ts";
import type { Model } from "../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../src/core/env.ts";
import type { Admission } from "../../../src/core/quota/admission.ts";
import { admit } from "../../../src/core/quota/admission.ts";
import type { Demand } from "../../../src/core/quota/bound.ts";
import { cardDocument, catalogDocument, complete } from "../../support/catalog-documents.ts";
import type { Failure } from "./quota-namespace.ts";
import { createNamespace } from "./quota-namespace.ts";

export const NOON = Date.UTC(2026, 10, 23, 12);

const plan = (windows: unknown[], changes: Record<string, unknown> = {}) => ({
  windows,
  concurrent: 3,
  max_output_tokens: 100,
  ...changes,
});
const tokens = { unit: "tokens", per: "day", limit: 1000 };

/** `swift` for every plan; `deep` for all but `thrifty`. Prices are $1 per million tokens of input and output. */
export const ADMITTING: Catalog = complete(
  catalogDocument({
    cards: {
      swift: cardDocument({ "swift-1": {} }, { image_tokens: 600, prices: { input: 0, output: 0 } }),
      deep: cardDocument({ "deep-1": {} }, { prices: { input: 1, output: 1 } }),
    },
    aliases: { default: { target: "swift-1" }, thinker: { target: "deep-1" } },
    plans: {
      free: plan([tokens]),
      thrifty: plan([tokens], { models: ["default", "swift"] }),
      both: plan([
        { ...tokens, limit: 2000 },
        { ...tokens, per: "minute", limit: 110 },
      ]),
      money: plan([{ unit: "usd", per: "day", limit: 0.001 }]),
      few: plan([{ unit: "requests", per: "minute", limit: 1 }, tokens]),
    },
  }),
);

interface Asked {
  model: Model;
  exchange: { demand: Demand };
}

interface Situation {
  /** The plan that the user's token claims. */
  claims?: string;
  model?: string;
  demand?: Partial<Demand>;
  /** What the provider's counter says. */
  counted?: number | undefined;
  failures?: Failure[];
  failOpen?: string;
}

/** A user before the door. `enter` asks to be let in, once more each time. */
export function createVisitor({ claims, model = "default", demand, counted, failures, failOpen }: Situation = {}) {
  const namespace = createNamespace(NOON, failures);
  let asked = 0;
  const works: Promise<unknown>[] = [];
  const env: Bindings = { ...namespace.env, ...(failOpen === undefined ? {} : { QUOTA_FAIL_OPEN: failOpen }) };
  const admission: Omit<Admission<Asked>, "candidates" | "key"> = {
    env,
    user: { issuer: "weir", subject: crypto.randomUUID(), plan: claims, issuedAt: NOON },
    catalog: ADMITTING,
    waitUntil: (work) => void works.push(work),
    count: async () => {
      asked += 1;
      return counted;
    },
  };
  const named = chooseModel(ADMITTING, model, NOON).model;
  const size: Demand = { inputBytes: 100, images: 0, choices: 1, maxOutputTokens: undefined, ...demand };
  return {
    ...namespace,
    enter: async (changes: Partial<Demand> = {}) => {
      const candidates: [Asked] = [{ model: named, exchange: { demand: { ...size, ...changes } } }];
      return (await admit({ ...admission, candidates, key: crypto.randomUUID() })).lease;
    },
    /** Waits for what was left to do after the answer. */
    done: () => Promise.all(works),
    /** How often the provider's counter was asked. */
    asked: () => asked,
    methods: () => namespace.calls.map(({ method }) => method),
  };
}
