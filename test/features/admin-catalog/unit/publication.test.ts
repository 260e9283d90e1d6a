// How the pointer moves when an operator publishes: every move, every refusal, and what is remembered of it.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { activeOf, BUNDLED, Pointer, revisionNamed } from "../../../../src/core/catalog/pointer.ts";
import type { Intent, Move, Publication } from "../../../../src/features/admin-catalog/publication.ts";
import { afterMove, refusalOf } from "../../../../src/features/admin-catalog/publication.ts";

const START = Date.parse("2026-11-23T12:00:00Z");
const NOBODY: Intent = { author: null, note: null };
const FRESH: Publication = { pointer: v.parse(Pointer, { active: null }), history: [] };

const store = (revision: string): Move => ({ kind: "store", revision });
const activate = (revision: string): Move => ({ kind: "activate", revision });
const canary = (revision: string, percent: number): Move => ({ kind: "canary", revision, percent });
const rollback: Move = { kind: "rollback" };

/** The publication after some moves, each a second after the one before, with the salts salt-0, salt-1 and so on. */
function after(moves: Move[], from = FRESH): Publication {
  return moves.reduce(
    (publication, move, index) => afterMove(publication, move, NOBODY, START + index * 1000, `salt-${index}`).next,
    from,
  );
}
const pointerAfter = (...moves: Move[]) => after(moves).pointer;

describe("storing a revision", () => {
  it("gives it to nobody, and is remembered", () => {
    const { next, entry } = afterMove(after([activate("one")]), store("other"), NOBODY, START, "salt");
    expect(next.pointer).toEqual(pointerAfter(activate("one")));
    expect(entry).toEqual({ at: START, kind: "store", revision: "other", author: null, note: null });
    expect(next.history[0]).toEqual(entry);
  });

  it("leaves a canary as it is", () => {
    expect(pointerAfter(activate("one"), canary("two", 5), store("three"))).toEqual(
      pointerAfter(activate("one"), canary("two", 5)),
    );
  });
});

describe("activating a revision", () => {
  it("gives it to everybody, and remembers what was before", () => {
    expect(pointerAfter(activate("one"))).toEqual({ active: "one", previous: null, publishedAt: START });
    expect(pointerAfter(activate("one"), activate("two"))).toEqual({
      active: "two",
      previous: "one",
      publishedAt: START + 1000,
    });
  });

  it("once more does not forget what was before", () => {
    expect(pointerAfter(activate("one"), activate("two"), activate("two"))).toMatchObject({
      active: "two",
      previous: "one",
    });
  });

  it("ends a canary, of the same revision and of another", () => {
    expect(pointerAfter(activate("one"), canary("two", 5), activate("two"))).not.toHaveProperty("canary");
    expect(pointerAfter(activate("one"), canary("two", 5), activate("three"))).not.toHaveProperty("canary");
  });

  it("may return to the bundled catalog", () => {
    const pointer = pointerAfter(activate("one"), activate(BUNDLED));
    expect(pointer).toMatchObject({ active: null, previous: "one" });
    expect(activeOf(pointer)).toBe(BUNDLED);
  });
});

describe("a canary", () => {
  it("gives a revision to a share of the users, and leaves the others what they have", () => {
    expect(pointerAfter(activate("one"), canary("two", 5))).toEqual({
      active: "one",
      previous: null,
      publishedAt: START + 1000,
      canary: { revision: "two", percent: 5, salt: "salt-1" },
    });
  });

  it("keeps its users while its revision stays, however its share grows or shrinks", () => {
    const salts = [canary("two", 5), canary("two", 50), canary("two", 0.5)].map((_move, index, moves) => {
      return pointerAfter(activate("one"), ...moves.slice(0, index + 1)).canary?.salt;
    });
    expect(salts).toEqual(["salt-1", "salt-1", "salt-1"]);
    expect(pointerAfter(activate("one"), canary("two", 5), canary("two", 50)).canary?.percent).toBe(50);
  });

  it("of another revision has other users", () => {
    expect(pointerAfter(activate("one"), canary("two", 5), canary("three", 5)).canary).toEqual({
      revision: "three",
      percent: 5,
      salt: "salt-2",
    });
  });

  it("has other users when it begins anew", () => {
    expect(pointerAfter(activate("one"), canary("two", 5), canary("two", 0), canary("two", 5)).canary?.salt).toBe(
      "salt-3",
    );
  });

  it("ends at 0 percent", () => {
    expect(pointerAfter(activate("one"), canary("two", 5), canary("two", 0))).toEqual({
      active: "one",
      previous: null,
      publishedAt: START + 2000,
    });
  });

  it("may be of the bundled catalog, where another is active", () => {
    expect(refusalOf(after([activate("one")]), canary(BUNDLED, 5), NOBODY)).toBeUndefined();
  });

  it("is remembered with its share", () => {
    expect(after([activate("one"), canary("two", 5)]).history[0]).toMatchObject({
      kind: "canary",
      revision: "two",
      percent: 5,
    });
  });
});

describe("a rollback", () => {
  it("gives everybody what was active before, and is remembered by that revision", () => {
    const publication = after([activate("one"), activate("two"), rollback]);
    expect(publication.pointer).toEqual({ active: "one", previous: "two", publishedAt: START + 2000 });
    expect(publication.history[0]).toMatchObject({ kind: "rollback", revision: "one" });
    expect(publication.history[0]).not.toHaveProperty("percent");
  });

  it("twice is back where it began", () => {
    expect(pointerAfter(activate("one"), activate("two"), rollback, rollback)).toMatchObject({
      active: "two",
      previous: "one",
    });
  });

  it("of the first revision returns to the bundled catalog", () => {
    const publication = after([activate("one"), rollback]);
    expect(publication.pointer).toMatchObject({ active: null, previous: "one" });
    expect(publication.history[0]).toMatchObject({ kind: "rollback", revision: BUNDLED });
  });

  it("ends a canary", () => {
    const ended = pointerAfter(activate("one"), activate("two"), canary("three", 5), rollback);
    expect(ended).not.toHaveProperty("canary");
    expect(ended).toMatchObject({ active: "two", previous: "one" });
  });
});

describe("a revision's name", () => {
  const pointer = pointerAfter(activate("one"), activate("two"), canary("three", 5));

  it("may be its place: active, previous or canary", () => {
    expect(["active", "previous", "canary"].map((name) => revisionNamed(pointer, name))).toEqual([
      "two",
      "one",
      "three",
    ]);
    expect(["active", "previous"].map((name) => revisionNamed(FRESH.pointer, name))).toEqual([BUNDLED, BUNDLED]);
  });

  it("is itself otherwise, and where no canary runs", () => {
    expect(revisionNamed(pointer, "four")).toBe("four");
    expect(revisionNamed(FRESH.pointer, "canary")).toBe("canary");
  });
});

describe("a move is refused", () => {
  const published = after([activate("one"), activate("two"), canary("three", 5)]);

  it.each<[string, Move]>([
    ["store", store("four")],
    ["activate", activate("four")],
    ["canary", canary("four", 5)],
    ["rollback", rollback],
  ])("when another revision is active than was expected: %s", (_kind, move) => {
    expect(refusalOf(published, move, { ...NOBODY, expected: "one" })).toEqual({ reason: "conflict", active: "two" });
    expect(refusalOf(published, move, { ...NOBODY, expected: "three" })).toEqual({ reason: "conflict", active: "two" });
    expect(refusalOf(published, move, { ...NOBODY, expected: "two" })).toBeUndefined();
    expect(refusalOf(published, move, NOBODY)).toBeUndefined();
  });

  it("when the bundled catalog was expected and is not active, or the other way round", () => {
    expect(refusalOf(published, activate("four"), { ...NOBODY, expected: BUNDLED })).toMatchObject({
      reason: "conflict",
    });
    expect(refusalOf(FRESH, activate("four"), { ...NOBODY, expected: BUNDLED })).toBeUndefined();
    expect(refusalOf(FRESH, activate("four"), { ...NOBODY, expected: "one" })).toEqual({
      reason: "conflict",
      active: BUNDLED,
    });
  });

  it("when there is nothing to return to", () => {
    expect(refusalOf(FRESH, rollback, NOBODY)).toEqual({
      reason: "senseless",
      why: "'bundled' was active before, too: there is nothing to return to.",
    });
    expect(refusalOf(after([store("one")]), rollback, NOBODY)).toMatchObject({ reason: "senseless" });
    expect(refusalOf(after([activate("one")]), rollback, NOBODY)).toBeUndefined();
  });

  it("when some shall try what everybody gets already", () => {
    expect(refusalOf(published, canary("two", 5), NOBODY)).toEqual({
      reason: "senseless",
      why: "'two' is what everybody gets already.",
    });
    expect(refusalOf(FRESH, canary(BUNDLED, 5), NOBODY)).toMatchObject({ reason: "senseless" });
  });

  it("when another trial than the one that runs shall end", () => {
    const tried = after([activate("one"), canary("two", 5)]);
    expect(refusalOf(tried, canary("three", 0), NOBODY)).toEqual({
      reason: "senseless",
      why: "The canary is 'two', not 'three'.",
    });
    expect(refusalOf(tried, canary("two", 0), NOBODY)).toBeUndefined();
    expect(refusalOf(FRESH, canary("two", 0), NOBODY)).toEqual({ reason: "senseless", why: "No canary runs." });
  });
});

describe("the history", () => {
  it("says who moved what, when and why, the newest first", () => {
    const first = afterMove(
      FRESH,
      activate("one"),
      { author: "ann", note: "cheaper", expected: BUNDLED },
      START,
      "salt",
    );
    const second = afterMove(first.next, canary("two", 5), { author: "ben", note: null }, START + 1, "salt");
    expect(second.next.history).toEqual([
      { at: START + 1, kind: "canary", revision: "two", percent: 5, author: "ben", note: null },
      { at: START, kind: "activate", revision: "one", author: "ann", note: "cheaper" },
    ]);
  });

  it("keeps the last 200 moves", () => {
    const moves = Array.from({ length: 250 }, (_, index) => activate(`revision-${index}`));
    const { history } = after(moves);
    expect(history).toHaveLength(200);
    expect(history[0]?.revision).toBe("revision-249");
    expect(history.at(-1)?.revision).toBe("revision-50");
  });
});

describe("after any moves", () => {
  const revisions = fc.constantFrom("one", "two", "three", BUNDLED);
  const move = fc.oneof(
    revisions.map(store),
    revisions.map(activate),
    fc.tuple(revisions, fc.constantFrom(0, 5, 100)).map(([revision, percent]) => canary(revision, percent)),
    fc.constant(rollback),
  );

  it("the pointer is one that can be read back, and a canary is of another revision than the active one", () => {
    const property = fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
      const publication = moves.reduce(
        (last, each) => (refusalOf(last, each, NOBODY) ? last : after([each], last)),
        FRESH,
      );
      const { pointer } = publication;
      expect(v.parse(Pointer, JSON.parse(JSON.stringify(pointer)))).toEqual(pointer);
      expect(pointer.canary?.revision).not.toBe(activeOf(pointer));
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
