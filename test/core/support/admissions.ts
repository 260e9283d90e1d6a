// Admission of one user's requests, with a catalog of four models and an exact counter that the test answers for.

import { chooseModel } from "../../../src/core/catalog/choose.ts";
import type { Model } from "../../../src/core/catalog/resolve.ts";
import type { Bindings } from "../../../src/core/env.ts";
import { admit } from "../../../src/core/quota/admission.ts";
import type { Demand } from "../../../src/core/quota/bound.ts";
import { cardDocument, catalogDocument, complete } from "../../support/catalog-documents.ts";
import type { Failure } from "./quota-namespace.ts";
import { createNamespace } from "./quota-namespace.ts";

const NOON = Date.UTC(2026, 10, 23, 12);

const tokens = { unit: "tokens", per: "day", limit: 1000 };
const plan = (windows: unknown[], models?: string[]) => ({ windows, concurrent: 3, max_output_tokens: 100, models });

/** `brief` and `tiny` have short answers; `deep` costs $1 per million tokens. */
const CATALOG = complete(
  catalogDocument({
    min_output_tokens: 10,
    cards: {
      swift: cardDocument({ "swift-1": {} }, { image_tokens: 600, prices: { input: 0, output: 0 } }),
      brief: cardDocument({ "brief-1": {} }, { max_output_tokens: 60, prices: { input: 0, output: 0 } }),
      tiny: cardDocument({ "tiny-1": {} }, { max_output_tokens: 5, prices: { input: 0, output: 0 } }),
      deep: cardDocument({ "deep-1": {} }, { image_tokens: 300, prices: { input: 1, output: 1 } }),
    },
    aliases: { default: { target: "swift-1" }, thinker: { target: "deep-1" } },
    plans: {
      free: plan([tokens]),
      thrifty: plan([tokens], ["default", "swift"]),
      money: plan([{ unit: "usd", per: "day", limit: 0.001 }]),
      few: plan([{ unit: "requests", per: "minute", limit: 1 }, tokens]),
      both: plan([tokens, { ...tokens, per: "minute", limit: 60 }]),
      apart: plan([tokens, { ...tokens, per: "hour", models: ["brief"] }]),
      together: plan([tokens, { ...tokens, per: "hour", models: ["brief", "deep", "tiny"] }]),
    },
  }),
);

interface Situation {
  /** The plan that the user's token claims. */
  claims?: string;
  /** The requested model and its fallbacks. */
  names?: [string, ...string[]];
  chosenByCatalog?: boolean;
  demand?: Partial<Demand>;
  /** The counter's answers, in order. */
  counts?: (number | undefined)[];
  failures?: Failure[];
}

/** One user. Each `enter` admits one more request. */
export function createVisitor({ claims, names = ["default"], demand, counts = [], failures, ...how }: Situation = {}) {
  const namespace = createNamespace(NOON, failures);
  let asked = 0;
  const works: Promise<unknown>[] = [];
  const env: Bindings = namespace.env;
  const user = { issuer: "weir", subject: crypto.randomUUID(), plan: claims, issuedAt: NOON };
  const size: Demand = { inputBytes: 100, images: 0, choices: 1, maxOutputTokens: undefined, ...demand };
  const toCandidate = (name: string, changes: Partial<Demand>) => {
    const model: Model = chooseModel(CATALOG, name, NOON).model;
    return { name, model, exchange: { ask: { demand: { ...size, ...changes }, ...how } } };
  };
  return {
    ...namespace,
    enter: async (changes: Partial<Demand> = {}) => {
      const [first, ...others] = names;
      const admitted = await admit({
        env,
        user,
        catalog: CATALOG,
        candidates: [toCandidate(first, changes), ...others.map((name) => toCandidate(name, changes))],
        key: crypto.randomUUID(),
        waitUntil: (work) => void works.push(work),
        canCount: true,
        count: async () => counts[asked++],
      });
      const { lease, exactInput, candidates } = admitted;
      return {
        lease,
        exactInput,
        names: candidates.map(({ name }) => name),
        granted: candidates.map((candidate) => admitted.grantedTo(candidate)),
      };
    },
    /** Waits for the work that admission left to `waitUntil`. */
    done: () => Promise.all(works),
    /** The number of calls to the counter. */
    asked: () => asked,
    methods: () => namespace.calls.map(({ method }) => method),
  };
}
