// What an alias says beside its target: where it goes when all has ended, and what it fixes for its callers.

import { describe, expect, it } from "vitest";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import { resolveModel } from "../../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";

const REASONS = { reasoning: { efforts: ["low", "medium", "high"] }, features: ["streaming"] };
const ENDED = { shutdown_date: "2026-02-01" };

/** Snapshots that have ended (with a successor of the second generation) and that live, under those aliases. */
const catalogOf = (aliases: Document): Catalog =>
  complete(
    catalogDocument({
      cards: {
        swift: cardDocument({ "swift-1": { ...ENDED, successor: "swift-2" }, "swift-2": ENDED }, REASONS),
        dull: cardDocument({ "dull-1": ENDED }, REASONS),
        keen: cardDocument({ "keen-1": {}, "keen-2": {} }, REASONS),
      },
      aliases: { default: { target: "keen-1" }, ...aliases },
    }),
  );

function modelOf(catalog: Catalog, asked: string, today = "2026-03-01"): Model {
  const resolution = resolveModel(catalog, asked, today);
  if (resolution.kind !== "found") throw new Error(`${asked} is ${resolution.kind}`);
  return resolution.model;
}

/** The snapshot that answers when swift-1, swift-2 and dull-1 have ended, or how there is none. */
function answerOf(aliases: Document, asked = "fast", today = "2026-03-01"): string {
  const resolution = resolveModel(catalogOf(aliases), asked, today);
  return resolution.kind === "found" ? resolution.model.snapshot : resolution.kind;
}

describe("the fallbacks of an alias", () => {
  const fast = { target: "swift-1", fallback: ["keen-2", "keen-1"] };

  it("are not needed while its target lives", () => {
    expect(answerOf({ fast }, "fast", "2026-01-31")).toBe("swift-1");
  });

  it("are tried in their order once the target and all its successors have ended", () => {
    expect(answerOf({ fast })).toBe("keen-2");
    expect(answerOf({ fast: { ...fast, fallback: ["keen-1", "keen-2"] } })).toBe("keen-1");
  });

  it("come after a successor that lives", () => {
    const catalog = catalogOf({ fast });
    const [swift] = [catalog.cards.swift];
    if (swift) swift.snapshots["swift-2"] = {};
    expect(modelOf(catalog, "fast").snapshot).toBe("swift-2");
  });

  it("are passed over where they have ended themselves", () => {
    expect(answerOf({ fast: { ...fast, fallback: ["dull-1", "keen-1"] } })).toBe("keen-1");
    expect(answerOf({ fast: { ...fast, fallback: ["dull-1"] } })).toBe("ended");
  });

  it("may be aliases, which move on as they always do", () => {
    const slow = { target: "dull-1", fallback: ["keen-1"] };
    expect(answerOf({ fast: { ...fast, fallback: ["default"] } })).toBe("keen-1");
    // What a fallback would itself fall back to comes after all that the alias that was asked for names.
    expect(answerOf({ fast: { ...fast, fallback: ["slow", "keen-2"] }, slow })).toBe("keen-2");
  });

  it("are those of the alias that was asked for, before those of the aliases that it leads to", () => {
    const aliases = { fast: { target: "slow", fallback: ["keen-1"] }, slow: { ...fast, fallback: ["keen-2"] } };
    expect(answerOf(aliases)).toBe("keen-1");
    expect(answerOf({ ...aliases, fast: { target: "slow" } })).toBe("keen-2");
    expect(answerOf({ ...aliases, fast: { target: "slow", fallback: ["dull-1"] } })).toBe("keen-2");
  });

  it("end a circle, of aliases and of successors", () => {
    expect(answerOf({ fast: { target: "slow", fallback: ["keen-1"] }, slow: { target: "fast" } })).toBe("keen-1");
    expect(answerOf({ fast: { target: "fast", fallback: ["fast", "keen-1"] } })).toBe("keen-1");
    expect(answerOf({ fast: { target: "swift-1", fallback: ["fast", "swift-1", "swift-2"] } })).toBe("ended");
  });

  it("are nothing to who asks for the snapshot by name", () => {
    expect(answerOf({ fast }, "swift-1")).toBe("ended");
  });

  it("leave the end of the first snapshot to be told", () => {
    expect(resolveModel(catalogOf({ fast }), "fast", "2026-03-01")).toMatchObject({
      kind: "found",
      sunset: { snapshot: "swift-1", date: "2026-02-01", successor: "swift-2" },
    });
  });
});

describe("a strict alias", () => {
  it("ends with its snapshot, though that has a successor", () => {
    expect(answerOf({ fast: { target: "swift-1", strict: true } }, "fast", "2026-01-31")).toBe("swift-1");
    expect(answerOf({ fast: { target: "swift-1", strict: true } })).toBe("ended");
  });

  it("ends with its snapshot, though the alias that it stands for has fallbacks", () => {
    const slow = { target: "swift-1", fallback: ["keen-1"] };
    expect(answerOf({ fast: { target: "slow", strict: true }, slow })).toBe("ended");
    expect(answerOf({ fast: { target: "slow", strict: true }, slow }, "slow")).toBe("keen-1");
  });

  it("does not move on for an alias that stands for it, which may have fallbacks of its own", () => {
    const frozen = { target: "swift-1", strict: true };
    expect(answerOf({ fast: { target: "frozen" }, frozen })).toBe("ended");
    expect(answerOf({ fast: { target: "frozen", fallback: ["keen-1"] }, frozen })).toBe("keen-1");
  });
});

const fixedOf = (aliases: Document, asked = "fast", today = "2026-03-01") => {
  const { instructions, effort, max_output_tokens, on_leave } = modelOf(catalogOf(aliases), asked, today).fixed;
  return { instructions, effort, max_output_tokens, on_leave };
};

describe("what an alias fixes", () => {
  const nothing = { instructions: undefined, effort: undefined, max_output_tokens: undefined, on_leave: undefined };
  const brief = { instructions: "Be brief.", effort: "low", max_output_tokens: 100, on_leave: "finish" };

  it("is nothing unless it says so, and nothing for a snapshot", () => {
    expect(fixedOf({}, "default")).toEqual(nothing);
    expect(fixedOf({}, "keen-1")).toEqual(nothing);
  });

  it("holds for the model that answers", () => {
    expect(fixedOf({ fast: { target: "keen-1", ...brief } })).toEqual(brief);
  });

  it("is taken over from the alias that it stands for, where it does not say it itself", () => {
    const slow = { target: "keen-1", ...brief };
    expect(fixedOf({ fast: { target: "slow" }, slow })).toEqual(brief);
    expect(fixedOf({ fast: { target: "slow", effort: "high" }, slow })).toEqual({ ...brief, effort: "high" });
    const changes = { instructions: "Be long.", max_output_tokens: 9000, on_leave: "cancel" };
    expect(fixedOf({ fast: { target: "slow", ...changes }, slow })).toEqual({ ...brief, ...changes });
  });

  it("stays when the model moves on, and when it falls back", () => {
    expect(fixedOf({ fast: { target: "swift-1", fallback: ["keen-1"], ...brief } })).toEqual(brief);
    expect(fixedOf({ fast: { target: "swift-1", ...brief } }, "fast", "2026-01-01")).toEqual(brief);
  });

  it("is not taken from an alias that is only a successor or a fallback", () => {
    const slow = { target: "keen-1", ...brief };
    expect(fixedOf({ fast: { target: "dull-1", fallback: ["slow"] }, slow })).toEqual(nothing);
    expect(fixedOf({ fast: { target: "dull-1", effort: "high", fallback: ["slow"] }, slow })).toEqual({
      ...nothing,
      effort: "high",
    });
  });
});
