// A request that several models can answer, or that only the provider can size: what is reserved, and for whom.

import { beforeEach, describe, expect, it } from "vitest";
import { chooseModel } from "../../../../src/core/catalog/choose.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { admit } from "../../../../src/core/quota/admission.ts";
import type { Demand } from "../../../../src/core/quota/bound.ts";
import { NOON } from "../../support/admissions.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import type { Failure } from "../../support/quota-namespace.ts";
import { createNamespace, runtimeError, skipPauses } from "../../support/quota-namespace.ts";
import { refusalOf } from "../../../support/refusals.ts";

const TEMPLATE_TOKENS = 16;
const tokens = { unit: "tokens", per: "day", limit: 1000 };
const plan = (windows: unknown[]) => ({ windows, concurrent: 3, max_output_tokens: 100 });

/** `swift` says little and `deep` more; `apart` has a window of its own for `swift`. */
const CATALOG: Catalog = complete(
  catalogDocument({
    cards: {
      swift: cardDocument({ "swift-1": {} }, { max_output_tokens: 60 }),
      deep: cardDocument({ "deep-1": {} }, { image_tokens: 300 }),
      tiny: cardDocument({ "tiny-1": {} }, { max_output_tokens: 5 }),
    },
    min_output_tokens: 10,
    plans: {
      free: plan([tokens]),
      apart: plan([tokens, { ...tokens, per: "hour", models: ["swift"] }]),
      together: plan([tokens, { ...tokens, per: "hour", models: ["swift", "deep", "tiny"] }]),
    },
  }),
);

interface Situation {
  names?: string[];
  claims?: string;
  demand?: Partial<Demand>;
  counted?: number | undefined;
  failures?: Failure[];
  failOpen?: boolean;
}

/** Asks to be let in, and tells what is reserved, for whom, and how often the provider's counter was asked. */
async function enter({ names = ["swift-1", "deep-1"], claims = "free", demand, counted, ...how }: Situation = {}) {
  const namespace = createNamespace(NOON, how.failures);
  const size: Demand = { inputBytes: 100, images: 0, choices: 1, maxOutputTokens: undefined, ...demand };
  const candidateOf = (name: string) => ({
    name,
    model: chooseModel(CATALOG, name, NOON).model,
    exchange: { demand: size },
  });
  const [first = "swift-1", ...others] = names;
  let asked = 0;
  const work = admit({
    env: { ...namespace.env, ...(how.failOpen ? { QUOTA_FAIL_OPEN: "true" } : {}) },
    user: { issuer: "weir", subject: crypto.randomUUID(), plan: claims, issuedAt: NOON },
    catalog: CATALOG,
    candidates: [candidateOf(first), ...others.map(candidateOf)],
    key: crypto.randomUUID(),
    waitUntil: () => undefined,
    async count() {
      asked += 1;
      return counted;
    },
  });
  const outcome = await work.then(
    (admitted) => ({ admitted }),
    (error: unknown) => ({ error }),
  );
  const admitted = "admitted" in outcome ? outcome.admitted : undefined;
  return {
    thrown: "error" in outcome ? outcome.error : undefined,
    candidates: admitted?.candidates.map(({ name }) => name),
    granted: admitted?.candidates.map((candidate) => admitted.grantedTo(candidate)),
    asked,
    methods: namespace.calls.map(({ method }) => method),
    reserved: () => namespace.book.tokens().reserved,
  };
}

const refused = async (situation: Situation) => {
  const { thrown } = await enter(situation);
  return refusalOf(() => {
    throw thrown;
  });
};

beforeEach(() => {
  skipPauses();
});

describe("a reservation for several", () => {
  it("has room for whichever of them answers", async () => {
    const { reserved, candidates } = await enter({ demand: { images: 1 } });
    expect(candidates).toEqual(["swift-1", "deep-1"]);
    // The image of the one, and the longer answer.
    expect(reserved()).toBe(100 + TEMPLATE_TOKENS + 300 + 100);
  });

  it("grants none of them more than its own model can say", async () => {
    const { granted } = await enter({ names: ["swift-1", "deep-1", "tiny-1"] });
    expect(granted).toEqual([60, 100, 5]);
  });

  it("grants none of them more than there was room for", async () => {
    const { granted } = await enter({ demand: { inputBytes: 954 } });
    expect(granted).toEqual([30, 30]);
  });

  it("leaves out those that other windows count, since a reservation is in windows by one model", async () => {
    expect((await enter({ claims: "apart" })).candidates).toEqual(["swift-1"]);
    expect((await enter({ claims: "apart", names: ["deep-1", "swift-1", "tiny-1"] })).candidates).toEqual([
      "deep-1",
      "tiny-1",
    ]);
    expect((await enter({ claims: "together" })).candidates).toEqual(["swift-1", "deep-1"]);
  });

  it("is for the first alone after a count, which is by the first one's vocabulary", async () => {
    const { candidates, asked, granted, reserved } = await enter({ demand: { inputBytes: 5000 }, counted: 300 });
    expect([candidates, asked, granted]).toEqual([["swift-1"], 1, [60]]);
    expect(reserved()).toBe(300 + TEMPLATE_TOKENS + 60);
  });

  it("is for all of them where the quota could not be asked and the deployment lets requests through", async () => {
    const failures = Array.from({ length: 9 }, () => runtimeError());
    const { candidates, granted } = await enter({ failures, failOpen: true });
    expect([candidates, granted]).toEqual([
      ["swift-1", "deep-1"],
      [60, 100],
    ]);
  });
});

describe("a request that only the provider can size", () => {
  const uncounted = { uncounted: true };

  it("is counted before anything is reserved, and reserved by that alone", async () => {
    const { asked, methods, candidates, reserved } = await enter({ demand: uncounted, counted: 700 });
    expect([asked, methods, candidates]).toEqual([1, ["reserve"], ["swift-1"]]);
    expect(reserved()).toBe(700 + TEMPLATE_TOKENS + 60);
  });

  it("is a 502 when it cannot be counted, and nothing is reserved", async () => {
    const { thrown, asked, methods } = await enter({ demand: uncounted, counted: undefined });
    expect(thrown).toMatchObject({ status: 502, body: { code: "provider_error" } });
    expect([asked, methods]).toEqual([1, []]);
  });

  it("is not let through uncounted even where the deployment lets requests through", async () => {
    const error = await refused({ demand: uncounted, counted: undefined, failOpen: true });
    expect(error).toMatchObject({ status: 502, body: { code: "provider_error" } });
  });

  it("is a 429 when what was counted does not fit, and is not counted again", async () => {
    const { thrown, asked } = await enter({ demand: uncounted, counted: 2000 });
    expect(thrown).toMatchObject({ status: 429, body: { code: "insufficient_quota" } });
    expect(asked).toBe(1);
  });
});

describe("a request that is free", () => {
  it("reserves a request and no tokens, and is never counted", async () => {
    const { asked, granted, reserved } = await enter({ demand: { free: true, inputBytes: 900_000 } });
    expect([asked, granted, reserved()]).toEqual([0, [0, 0], 0]);
  });
});
