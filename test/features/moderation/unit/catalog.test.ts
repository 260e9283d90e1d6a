// Moderation policies in a catalog: defaults, bounds, references, and the stricter of alias and plan.

import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";
import { stricter } from "../../../../src/features/moderation/catalog.ts";
import { resolveModel } from "../../../../src/core/catalog/resolve.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";

const CARDS = {
  swift: cardDocument({ "swift-1": {} }),
  judge: cardDocument({ "judge-1": {} }, { endpoints: ["moderation"] }),
  keen: cardDocument({ "keen-1": {} }, { features: ["structured_outputs"] }),
};
/** A policy whose names lead somewhere, with those changes. */
const policyWith = (changes: Document): Document => ({ classifier: "judge-1", ...changes });
const documentOf = (policy: Document, changes: Document = {}) =>
  catalogDocument({ cards: CARDS, policies: { default: policyWith(policy) }, ...changes });

function faultsWith(policy: Document, changes: Document = {}): string[] {
  const parsed = parseCatalog(documentOf(policy, changes));
  return parsed.ok ? [] : parsed.faults;
}
const pathsWith = (policy: Document) => faultsWith(policy).map((fault) => fault.split(":")[0]);

describe("a policy", () => {
  it("has every default that it does not name", () => {
    const { policies } = complete(documentOf({}));
    expect(policies["default"]).toEqual({
      classifier: "judge-1",
      categories: {},
      otherwise: "block",
      rules: {},
      judge: "default",
      on_failure: "block",
      window: { max_chars: 400, max_ms: 700, overlap_chars: 200 },
    });
  });

  it("need not be there", () => {
    expect(complete(catalogDocument()).policies).toEqual({});
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
    expect(pathsWith(policy)).toEqual([`policies.default.${path}`]);
  });

  it("may be as wide as its bounds", () => {
    const categories = { violence: { from: 0, action: "allow" }, "sexual/minors": { from: 1, action: "block" } };
    expect(faultsWith({ categories, window: { max_chars: 10_000, max_ms: 0, overlap_chars: 1 } })).toEqual([]);
  });

  it.each([
    ["classifier", "slow"],
    ["classifier", "judge"],
    ["classifier", "constructor"],
    ["judge", "slow"],
    ["judge", "toString"],
  ])("whose %s leads nowhere is a fault: %s", (field, name) => {
    expect(faultsWith({ [field]: name })).toEqual([`policies.default.${field}: no model '${name}'`]);
  });

  it("whose classifier does not classify is a fault", () => {
    expect(faultsWith({ classifier: "swift-1" })).toEqual(["policies.default.classifier: 'swift-1' does not classify"]);
  });

  it.each<Document>([{ rules: { spam: "No advertising." } }, { instructions: "An app for children." }])(
    "with %j needs a judge that keeps to a schema",
    (words) => {
      expect(faultsWith(words)).toEqual(["policies.default.judge: 'default' has no structured outputs"]);
      expect(faultsWith({ ...words, judge: "keen-1" })).toEqual([]);
    },
  );

  it("without rules or instructions takes any judge, since nobody asks it", () => {
    expect(faultsWith({ judge: "swift-1" })).toEqual([]);
  });

  it("whose classifier is the usual one needs it in the catalog", () => {
    const fault = "policies.default.classifier: no model 'omni-moderation-latest'";
    expect(faultsWith({ classifier: undefined })).toEqual([fault]);
  });
});

const aliases = (moderation: Document, more: Document = {}) => ({
  aliases: { default: { target: "swift-1", moderation }, ...more },
});
const plans = (moderation: Document) => ({
  plans: { free: { windows: [], concurrent: 1, max_output_tokens: 16, moderation } },
});

describe("what an alias or a plan says of moderation", () => {
  it.each([
    ["aliases.default", aliases],
    ["plans.free", plans],
  ])("at %s has defaults, and a policy that is there", (path, withModeration) => {
    expect(faultsWith({}, withModeration({}))).toEqual([]);
    for (const policy of ["children", "constructor"]) {
      const fault = `${path}.moderation.policy: no policy '${policy}'`;
      expect(faultsWith({}, withModeration({ policy }))).toEqual([fault]);
    }
    expect(faultsWith({}, { policies: {}, ...withModeration({}) })).toEqual([
      `${path}.moderation.policy: no policy 'default'`,
    ]);
    for (const [field, value] of Object.entries({ input: "window", output: "parallel", when: "now" })) {
      expect(faultsWith({}, withModeration({ [field]: value }))[0]).toContain(`${path}.moderation.${field}:`);
    }
  });

  it("is what each alias on the way says", () => {
    const inner = { input: "parallel" } as const;
    const outer = { output: "window" } as const;
    const more = { kept: { target: "default" }, other: { target: "default", moderation: outer } };
    const catalog = complete(documentOf({}, aliases(inner, more)));
    const of = (name: string) => {
      const resolution = resolveModel(catalog, name, "2026-10-01");
      return resolution.kind === "found" ? resolution.model.moderations : resolution.kind;
    };
    expect(of("default")).toEqual([inner]);
    expect(of("kept")).toEqual([undefined, inner]);
    expect(of("other")).toEqual([outer, inner]);
    expect(of("swift-1")).toEqual([]);
  });
});

describe("what an alias and a plan say of moderation together", () => {
  const [OFF, PARALLEL, BEFORE] = [{ input: "off" }, { input: "parallel" }, { input: "before" }] as const;
  const [OPEN, WINDOW] = [{ output: "off" }, { output: "window" }] as const;

  it.each([
    [[], "off"],
    [[undefined, undefined], "off"],
    [[{}, OFF], "off"],
    [[OFF, PARALLEL], "parallel"],
    [[PARALLEL, undefined], "parallel"],
    [[BEFORE, PARALLEL], "before"],
    [[PARALLEL, BEFORE], "before"],
    [[BEFORE, OFF], "before"],
  ] as const)("of %j is the stricter input: %s", (all, input) => {
    expect(stricter([...all])).toEqual({ input, output: "off", policy: "default" });
  });

  it("is the stricter of each field, whoever says it", () => {
    expect(stricter([OPEN, WINDOW]).output).toBe("window");
    expect(stricter([WINDOW, undefined]).output).toBe("window");
    expect(
      stricter([
        { ...BEFORE, ...OPEN },
        { ...PARALLEL, ...WINDOW },
      ]),
    ).toEqual({
      ...BEFORE,
      ...WINDOW,
      policy: "default",
    });
  });

  it("has the policy of the first that names one", () => {
    const [alias, plan] = [{ policy: "children" }, { policy: "adults" }];
    expect(stricter([alias, plan]).policy).toBe("children");
    expect(stricter([PARALLEL, plan]).policy).toBe("adults");
    expect(stricter([undefined, plan]).policy).toBe("adults");
  });
});
