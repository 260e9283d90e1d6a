// Fallbacks, strictness and settings of aliases.

import { describe, expect, it } from "vitest";
import { resolveModel } from "../../../../src/core/catalog/resolve.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";

const REASONS = { reasoning: { efforts: ["low", "medium", "high"] }, features: ["streaming"] };
const ENDED = { shutdown_date: "2026-02-01" };

/** On 1 March swift-1, its successor swift-2 and dull-1 have ended. */
function resolve(aliases: Document, requestedName = "fast", today = "2026-03-01") {
  const cards = {
    swift: cardDocument({ "swift-1": { ...ENDED, successor: "swift-2" }, "swift-2": ENDED }, REASONS),
    dull: cardDocument({ "dull-1": ENDED }, REASONS),
    keen: cardDocument({ "keen-1": {}, "keen-2": {} }, REASONS),
  };
  const catalog = complete(catalogDocument({ cards, aliases: { default: { target: "keen-1" }, ...aliases } }));
  return resolveModel(catalog, requestedName, today);
}

/** The snapshot that answers, or why there is none. */
function answerOf(...how: Parameters<typeof resolve>): string {
  const resolution = resolve(...how);
  return resolution.kind === "found" ? resolution.model.snapshot : resolution.kind;
}

const to = (target: string, ...fallback: string[]) => ({ target, fallback });

it("fallbacks of an alias are not used while its target is live, nor for the snapshot's own name", () => {
  expect(answerOf({ fast: to("swift-1", "keen-2") }, "fast", "2026-01-31")).toBe("swift-1");
  expect(answerOf({ fast: to("swift-1", "keen-2") }, "swift-1")).toBe("ended");
});

it.each<[string, Document, string]>([
  ["in their order", { fast: to("swift-1", "keen-2", "keen-1") }, "keen-2"],
  ["without those that have ended", { fast: to("swift-1", "dull-1", "keen-1") }, "keen-1"],
  ["until none is left", { fast: to("swift-1", "dull-1") }, "ended"],
  ["also aliases", { fast: to("swift-1", "default") }, "keen-1"],
  [
    "before the fallbacks of a fallback",
    { fast: to("swift-1", "slow", "keen-2"), slow: to("dull-1", "keen-1") },
    "keen-2",
  ],
  ["before those of its target alias", { fast: to("slow", "keen-1"), slow: to("swift-1", "keen-2") }, "keen-1"],
  ["then those of its target alias", { fast: to("slow", "dull-1"), slow: to("swift-1", "keen-2") }, "keen-2"],
  ["without an endless loop", { fast: to("swift-1", "fast", "swift-1", "keen-1") }, "keen-1"],
])("fallbacks of an alias are tried after all successors, %s", (_how, aliases, answer) => {
  expect(answerOf(aliases)).toBe(answer);
  expect(resolve(aliases)).toMatchObject({
    sunset: { snapshot: "swift-1", date: "2026-02-01", successor: "swift-2" },
  });
});

const frozen = { target: "swift-1", strict: true };

it.each<[string, Document, string]>([
  ["although that has a successor", { fast: frozen }, "ended"],
  [
    "although its target alias has fallbacks",
    { fast: { target: "slow", strict: true }, slow: to("swift-1", "keen-1") },
    "ended",
  ],
  ["and so does an alias of it", { fast: to("frozen"), frozen }, "ended"],
  ["but an alias of it can have fallbacks", { fast: to("frozen", "keen-1"), frozen }, "keen-1"],
])("a strict alias ends with its snapshot, %s", (_how, aliases, answer) => {
  expect(answerOf(aliases, "fast", "2026-01-31")).toBe("swift-1");
  expect(answerOf(aliases)).toBe(answer);
});

describe("the settings of an alias", () => {
  const brief = { instructions: "Be brief.", effort: "low", max_output_tokens: 100, on_leave: "finish" };
  const nothing = { instructions: undefined, effort: undefined, max_output_tokens: undefined, on_leave: undefined };
  const long = { instructions: "Be long.", max_output_tokens: 9000, on_leave: "cancel" };
  const slow = { target: "keen-1", ...brief };

  it.each<[string, Document, object]>([
    ["none by default", { fast: to("keen-1") }, nothing],
    ["those of its target", { fast: { target: "slow" }, slow }, brief],
    ["its own before those of its target", { fast: { target: "slow", ...long }, slow }, { ...brief, ...long }],
    ["its own for a fallback", { fast: { ...to("swift-1", "keen-1"), ...brief } }, brief],
    [
      "not those of a fallback",
      { fast: { ...to("dull-1", "slow"), effort: "high" }, slow },
      { ...nothing, effort: "high" },
    ],
  ])("are %s", (_what, aliases, fixed) => {
    expect(resolve(aliases)).toMatchObject({ kind: "found", model: { fixed } });
  });

  it("do not apply to a snapshot", () => {
    expect(resolve({ slow }, "keen-1")).toMatchObject({ model: { fixed: nothing } });
  });
});
