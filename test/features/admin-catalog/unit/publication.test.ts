// How the pointer moves when an operator publishes: every move, every refusal, and the history.

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
const trial = (revision: string, percent: number, salt: string) => ({ canary: { revision, percent, salt } });

const to = (active: string | null, previous: string | null, more = {}) => ({ active, previous, ...more });

describe("a move", () => {
  const one = activate("one");
  const two = activate("two");
  it.each<[string, Move[], object]>([
    ["activates a revision, over the bundled catalog", [one], to("one", null)],
    ["activates a revision, and remembers the one before", [one, two], to("two", "one")],
    ["activates a revision twice, and remembers the one before", [one, two, two], to("two", "one")],
    ["activates the bundled catalog", [one, activate(BUNDLED)], to(null, "one")],
    ["activates the canary, which ends", [one, canary("two", 5), two], to("two", "one")],
    ["activates another revision, and the canary ends", [one, canary("two", 5), activate("three")], to("three", "one")],
    ["starts a canary", [one, canary("two", 5)], to("one", null, trial("two", 5, "salt-1"))],
    [
      "grows a canary, which keeps its users",
      [one, canary("two", 5), canary("two", 50)],
      to("one", null, trial("two", 50, "salt-1")),
    ],
    [
      "replaces a canary, with other users",
      [one, canary("two", 5), canary("three", 5)],
      to("one", null, trial("three", 5, "salt-2")),
    ],
    [
      "starts a canary anew, with other users",
      [one, canary("two", 5), canary("two", 0), canary("two", 5)],
      to("one", null, trial("two", 5, "salt-3")),
    ],
    ["ends a canary at 0 percent", [one, canary("two", 5), canary("two", 0)], to("one", null)],
    ["rolls back to the revision before", [one, two, rollback], to("one", "two")],
    ["rolls back twice, to where it began", [one, two, rollback, rollback], to("two", "one")],
    ["rolls back the first revision to the bundled catalog", [one, rollback], to(null, "one")],
    ["rolls back a canary only", [one, two, canary("three", 5), rollback], to("two", "one")],
  ])("%s", (_what, moves, pointer) => {
    expect(pointerAfter(...moves)).toEqual({ ...pointer, publishedAt: START + (moves.length - 1) * 1000 });
  });

  it("stores a revision without giving it to anybody", () => {
    expect(pointerAfter(one, canary("two", 5), store("three"))).toEqual(pointerAfter(one, canary("two", 5)));
  });
});

describe("the name of a revision", () => {
  const pointer = pointerAfter(activate("one"), activate("two"), canary("three", 5));

  it("may be active, previous or canary", () => {
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

const senseless = (why: string) => ({ reason: "senseless", why });

describe("a move is refused", () => {
  const published = after([activate("one"), activate("two"), canary("three", 5)]);
  it.each<[Publication, string, string | undefined]>([
    [published, "one", "two"],
    [published, "three", "two"],
    [published, BUNDLED, "two"],
    [FRESH, "one", BUNDLED],
    [published, "two", undefined],
    [FRESH, BUNDLED, undefined],
  ])("as a conflict, when another revision than the expected one is active", (publication, expected, active) => {
    for (const move of [store("four"), activate("four"), canary("four", 5), rollback]) {
      if (move.kind === "rollback" && publication === FRESH && !active) continue;
      const refusal = refusalOf(publication, move, { ...NOBODY, expected });
      expect(refusal).toEqual(active && { reason: "conflict", active });
    }
  });

  it.each<[string, Move[], Move, object | undefined]>([
    [
      "a rollback to nothing",
      [],
      rollback,
      senseless("'bundled' was active before, too: there is nothing to return to."),
    ],
    ["a rollback of the first revision", [activate("one")], rollback, undefined],
    [
      "a canary of the active revision",
      [activate("two")],
      canary("two", 5),
      senseless("'two' is what everybody gets already."),
    ],
    ["a canary of the bundled catalog", [activate("one")], canary(BUNDLED, 5), undefined],
    [
      "the end of another canary",
      [activate("one"), canary("two", 5)],
      canary("three", 0),
      senseless("The canary is 'two', not 'three'."),
    ],
    ["the end of the canary", [activate("one"), canary("two", 5)], canary("two", 0), undefined],
    ["the end of no canary", [], canary("two", 0), senseless("No canary runs.")],
  ])("or not, where it makes no sense: %s", (_what, moves, move, refusal) => {
    expect(refusalOf(after(moves), move, NOBODY)).toEqual(refusal);
  });
});

describe("the history", () => {
  it("says who moved what, when and why, the newest first", () => {
    const intent = { author: "ann", note: "cheaper", expected: BUNDLED };
    const { next, entry } = afterMove(FRESH, activate("one"), intent, START, "salt");
    const second = afterMove(next, canary("two", 5), { author: "ben", note: null }, START + 1, "salt");
    const third = afterMove(second.next, store("two"), NOBODY, START + 2, "salt");
    expect(entry).toEqual({ at: START, kind: "activate", revision: "one", author: "ann", note: "cheaper" });
    expect(third.next.history).toEqual([
      { at: START + 2, kind: "store", revision: "two", author: null, note: null },
      { at: START + 1, kind: "canary", revision: "two", percent: 5, author: "ben", note: null },
      entry,
    ]);
  });

  it("names the revision that a rollback returns to", () => {
    expect(after([activate("one"), rollback]).history[0]).toMatchObject({ kind: "rollback", revision: BUNDLED });
  });

  it("keeps the last 200 moves", () => {
    const { history } = after(Array.from({ length: 250 }, (_, index) => activate(`revision-${index}`)));
    expect(history.map(({ revision }) => revision).slice(198)).toEqual(["revision-51", "revision-50"]);
  });
});

it("after any moves the pointer can be read back, and a canary is of another revision than the active one", () => {
  const revisions = fc.constantFrom("one", "two", "three", BUNDLED);
  const move = fc.oneof(
    revisions.map(store),
    revisions.map(activate),
    fc.tuple(revisions, fc.constantFrom(0, 5, 100)).map(([revision, percent]) => canary(revision, percent)),
    fc.constant(rollback),
  );
  const property = fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
    const { pointer } = moves.reduce(
      (last, each) => (refusalOf(last, each, NOBODY) ? last : after([each], last)),
      FRESH,
    );
    expect(v.parse(Pointer, JSON.parse(JSON.stringify(pointer)))).toEqual(pointer);
    expect(pointer.canary?.revision).not.toBe(activeOf(pointer));
  });
  fc.assert(property, { numRuns: 500 });
});
