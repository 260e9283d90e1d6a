// Moderation in a catalog: defaults and bounds of policies, references, and the strictest settings.

import "../../../../src/features.ts";
import { describe, expect, it } from "vitest";
import { parseCatalog, warningsOf } from "../../../../src/core/catalog/parse.ts";
import { resolveModel } from "../../../../src/core/catalog/resolve.ts";
import { moderationOf, policiesOf, strictest } from "../../../../src/features/moderation/catalog.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";

const prices = { input: 1, output: 2 };
const CARDS = {
  swift: cardDocument({ "swift-1": {} }, { prices }),
  judge: cardDocument({ "judge-1": {} }, { endpoints: ["moderation"] }),
  keen: cardDocument({ "keen-1": {} }, { features: ["structured_outputs"], prices }),
};
/** A catalog whose only policy has valid references, with changed fields. */
const documentOf = (policy: Document, changes: Document = {}) =>
  catalogDocument({ cards: CARDS, policies: { default: { classifier: "judge-1", ...policy } }, ...changes });

function faultsWith(policy: Document, changes: Document = {}): string[] {
  const parsed = parseCatalog(documentOf(policy, changes));
  return parsed.ok ? [] : parsed.faults;
}

describe("a policy", () => {
  it("has defaults", () => {
    expect(policiesOf(complete(documentOf({})))["default"]).toEqual({
      classifier: "judge-1",
      categories: {},
      otherwise: "block",
      rules: {},
      judge: "default",
      chats: "categories",
      on_failure: "block",
      window: { min_chars: 1, max_chars: 400, max_ms: 700, overlap_chars: 200 },
    });
    const rules = { judge: "keen-1", rules: { spam: "No advertising." }, chats: "rules", window: { max_ms: 5 } };
    const window = { min_chars: 600, max_chars: 1200, max_ms: 5, overlap_chars: 200 };
    expect(policiesOf(complete(documentOf(rules)))["default"]).toMatchObject({ window });
    expect(policiesOf(complete(catalogDocument()))).toEqual({});
  });

  it.each<[string, Document]>([
    ["categories.violence.from", { categories: { violence: { from: 1.01, action: "block" } } }],
    ["categories.violence.from", { categories: { violence: { from: -0.1, action: "block" } } }],
    ["categories.violence.from", { categories: { violence: { action: "block" } } }],
    ["categories.violence.action", { categories: { violence: { from: 0.5, action: "punish" } } }],
    ["categories.violence.until", { categories: { violence: { from: 0.5, action: "block", until: 1 } } }],
    ["categories.rudeness", { categories: { rudeness: { from: 0.5, action: "block" } } }],
    ["otherwise", { otherwise: "ask" }],
    ["on_failure", { on_failure: "review" }],
    ["instructions", { instructions: "" }],
    ["chats", { chats: "all" }],
    ["rules.spam", { rules: { spam: "" } }],
    ["window.max_chars", { window: { max_chars: 0 } }],
    ["window.max_chars", { window: { max_chars: 10_001 } }],
    ["window.max_chars", { window: { max_chars: 1.5 } }],
    ["window.overlap_chars", { window: { overlap_chars: 10_001 } }],
    ["window.max_ms", { window: { max_ms: -1 } }],
    ["window.max_ms", { window: { max_ms: 60_001 } }],
    ["window.chars", { window: { chars: 400 } }],
    ["thresholds", { thresholds: {} }],
  ])("has a fault at %s: %j", (path, policy) => {
    expect(faultsWith(policy).map((fault) => fault.split(":")[0])).toEqual([`policies.default.${path}`]);
  });

  it("accepts the limits of its fields", () => {
    const categories = { violence: { from: 0, action: "allow" }, "sexual/minors": { from: 1, action: "block" } };
    expect(faultsWith({ categories, window: { max_chars: 10_000, max_ms: 0, overlap_chars: 1 } })).toEqual([]);
  });

  it.each<[string, Document]>([
    ["classifier: no model 'slow'", { classifier: "slow" }],
    ["classifier: no model 'judge'", { classifier: "judge" }],
    ["classifier: no model 'constructor'", { classifier: "constructor" }],
    ["classifier: no model 'omni-moderation-latest'", { classifier: undefined }],
    ["classifier: 'swift-1' does not classify", { classifier: "swift-1" }],
    ["judge: no model 'toString'", { judge: "toString" }],
    ["judge: 'default' has no structured outputs", { rules: { spam: "No advertising." } }],
    ["chats: the policy has no rules", { chats: "rules" }],
    ["judge: 'default' has no structured outputs", { instructions: "An app for children." }],
  ])("has the fault %s", (fault, policy) => {
    expect(faultsWith(policy)).toEqual([`policies.default.${fault}`]);
  });

  it("accepts a judge with structured outputs, and any judge without rules", () => {
    expect(faultsWith({ rules: { spam: "No advertising." }, judge: "keen-1" })).toEqual([]);
    expect(faultsWith({ judge: "swift-1" })).toEqual([]);
  });
});

it("a plan must bound the cost of the judge of every policy with rules, although it need not include it", () => {
  const windows = [{ unit: "tokens", per: "day", limit: 1000, models: ["swift"] }];
  const plans = { free: { windows, concurrent: 1, max_output_tokens: 16, models: ["swift"] } };
  const judge = { judge: "keen-1", rules: { spam: "No advertising." } };
  const fault = "plans.free.windows: nothing bounds the cost of 'keen': add a window that counts tokens or usd";
  expect(faultsWith(judge, { plans })).toEqual([fault]);
  expect(faultsWith({ judge: "keen-1" }, { plans })).toEqual([]);
});

const aliases = (moderation: Document, more: Document = {}) => ({
  aliases: { default: { target: "swift-1", moderation }, ...more },
});
const plans = (moderation: Document) => {
  const windows = [{ unit: "tokens", per: "day", limit: 1000 }];
  return { plans: { free: { windows, concurrent: 1, max_output_tokens: 16, moderation } } };
};

describe("the moderation of an alias or a plan", () => {
  it.each([
    ["aliases.default", aliases],
    ["plans.free", plans],
  ])("at %s refers to a policy of the catalog", (path, withModeration) => {
    expect(faultsWith({}, withModeration({}))).toEqual([]);
    for (const policy of ["children", "constructor"]) {
      const fault = `${path}.moderation.policy: no policy '${policy}'`;
      expect(faultsWith({}, withModeration({ policy }))).toEqual([fault]);
    }
    const fault = `${path}.moderation.policy: no policy 'default'`;
    expect(faultsWith({}, { policies: {}, ...withModeration({}) })).toEqual([fault]);
    for (const [field, value] of Object.entries({ input: "window", output: "parallel", when: "now" })) {
      expect(faultsWith({}, withModeration({ [field]: value }))[0]).toContain(`${path}.moderation.${field}:`);
    }
  });

  it.each([
    ["aliases.default", aliases],
    ["plans.free", plans],
  ])("at %s has a warning when its policy has rules that do not apply to chats", (path, withModeration) => {
    const warningsWith = (policy: Document, moderation: Document) =>
      warningsOf(complete(documentOf({ judge: "keen-1", ...policy }, withModeration(moderation))));
    const rules = { rules: { spam: "No advertising." } };
    const [warning, ...more] = warningsWith(rules, { input: "parallel" });
    expect(warning).toContain(`${path}.moderation.policy: `);
    expect(more).toEqual([]);
    expect(warningsWith({ instructions: "An app for children." }, { policy: "default" })).toEqual([warning]);
    expect(warningsWith({}, { input: "parallel" })).toEqual([]);
    expect(warningsWith({ ...rules, chats: "rules" }, { input: "parallel" })).toEqual([]);
    expect(warningsOf(complete(documentOf({ judge: "keen-1", ...rules })))).toEqual([]);
  });

  it.each([
    [95, [expect.stringContaining("plans.free.windows: 95 tokens per day are few for answers of 16 tokens")]],
    [96, []],
  ])("has a warning when the rules of chats need more than a window of %i tokens", (limit, warnings) => {
    const policy = { judge: "keen-1", rules: { spam: "No advertising." }, chats: "rules" };
    const windows = [{ unit: "tokens", per: "day", limit }];
    const free = { windows, concurrent: 1, max_output_tokens: 16 };
    const moderation = { output: "window" };
    expect(warningsOf(complete(documentOf(policy, { plans: { free }, ...aliases(moderation) })))).toEqual(warnings);
    const own = { free: { ...free, moderation } };
    expect(warningsOf(complete(documentOf(policy, { plans: own })))).toEqual(warnings);
    expect(warningsOf(complete(documentOf(policy, { plans: { free } })))).toEqual([]);
  });

  it("is collected from every alias between a name and its snapshot", () => {
    const inner = { input: "parallel" } as const;
    const outer = { output: "window" } as const;
    const more = { kept: { target: "default" }, other: { target: "default", moderation: outer } };
    const catalog = complete(documentOf({}, aliases(inner, more)));
    const moderationsOf = (name: string) => {
      const resolution = resolveModel(catalog, name, "2026-10-01");
      return resolution.kind === "found" ? resolution.model.aliases.map(moderationOf) : resolution.kind;
    };
    expect(moderationsOf("kept")).toEqual([undefined, inner]);
    expect(moderationsOf("other")).toEqual([outer, inner]);
    expect(moderationsOf("swift-1")).toEqual([]);
  });
});

describe("the strictest moderation", () => {
  const [OFF, PARALLEL, BEFORE] = [{ input: "off" }, { input: "parallel" }, { input: "before" }] as const;
  const [OPEN, WINDOW] = [{ output: "off" }, { output: "window" }] as const;
  const none = { input: "off", output: "off", policy: "default" };

  it.each([
    [[], none],
    [[undefined, {}, OFF], none],
    [[OFF, PARALLEL], { ...none, ...PARALLEL }],
    [[PARALLEL, undefined], { ...none, ...PARALLEL }],
    [[BEFORE, PARALLEL], { ...none, ...BEFORE }],
    [[PARALLEL, BEFORE], { ...none, ...BEFORE }],
    [[OPEN, WINDOW], { ...none, ...WINDOW }],
    [
      [
        { ...BEFORE, ...OPEN },
        { ...PARALLEL, ...WINDOW },
      ],
      { ...none, ...BEFORE, ...WINDOW },
    ],
    [[{ policy: "children" }, { policy: "adults" }], { ...none, policy: "children" }],
    [[undefined, PARALLEL, { policy: "adults" }], { ...none, ...PARALLEL, policy: "adults" }],
  ] as const)("of %j is %j", (all, strict) => {
    expect(strictest([...all])).toEqual(strict);
  });
});
