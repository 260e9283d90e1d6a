// Moves of the pointer to the active catalog: every move, every refusal, and the history.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { activeOf, BUNDLED, Pointer } from "../../../../src/core/catalog/pointer.ts";
import type { Intent, Move, Publication } from "../../../../src/features/admin-catalog/publication.ts";
import { applyMove, publishRefusal } from "../../../../src/features/admin-catalog/publication.ts";

const START = Date.parse("2026-11-23T12:00:00Z");
const NOBODY: Intent = { author: null, note: null };
const FRESH: Publication = { pointer: v.parse(Pointer, { active: null }), history: [] };

const store = (revision: string): Move => ({ kind: "store", revision });
const activate = (revision: string): Move => ({ kind: "activate", revision });
const canary = (revision: string, percent: number): Move => ({ kind: "canary", revision, percent });
const rollback: Move = { kind: "rollback" };

/** The publication after moves at intervals of a second, with the salts salt-0, salt-1 and so on. */
function after(moves: Move[], from = FRESH): Publication {
  return moves.reduce(
    (publication, move, index) => applyMove(publication, move, NOBODY, START + index * 1000, `salt-${index}`).next,
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
    ["activates a first revision", [one], to("one", null)],
    ["activates a second revision", [one, two], to("two", "one")],
    ["activates a revision twice, and keeps the previous one", [one, two, two], to("two", "one")],
    ["activates the bundled catalog", [one, activate(BUNDLED)], to(null, "one")],
    ["activates the canary, and ends it", [one, canary("two", 5), two], to("two", "one")],
    ["activates another revision, and ends the canary", [one, canary("two", 5), activate("three")], to("three", "one")],
    ["starts a canary", [one, canary("two", 5)], to("one", null, trial("two", 5, "salt-1"))],
    [
      "grows a canary with the same users",
      [one, canary("two", 5), canary("two", 50)],
      to("one", null, trial("two", 50, "salt-1")),
    ],
    [
      "replaces a canary with other users",
      [one, canary("two", 5), canary("three", 5)],
      to("one", null, trial("three", 5, "salt-2")),
    ],
    [
      "restarts a canary with other users",
      [one, canary("two", 5), canary("two", 0), canary("two", 5)],
      to("one", null, trial("two", 5, "salt-3")),
    ],
    ["ends a canary at 0 percent", [one, canary("two", 5), canary("two", 0)], to("one", null)],
    ["rolls back to the previous revision", [one, two, rollback], to("one", "two")],
    ["rolls back twice to the same revision", [one, two, rollback, rollback], to("two", "one")],
    ["rolls back the first revision to the bundled catalog", [one, rollback], to(null, "one")],
    ["rolls back a canary only", [one, two, canary("three", 5), rollback], to("two", "one")],
  ])("%s", (_what, moves, pointer) => {
    expect(pointerAfter(...moves)).toEqual({ ...pointer, publishedAt: START + (moves.length - 1) * 1000 });
  });

  it("stores a revision without serving it", () => {
    expect(pointerAfter(one, canary("two", 5), store("three"))).toEqual(pointerAfter(one, canary("two", 5)));
  });
});

const notApplicable = (why: string) => ({ reason: "not_applicable", why });

describe("a move is refused", () => {
  const published = after([activate("one"), activate("two"), canary("three", 5)]);
  it.each<[Publication, string, string | undefined]>([
    [published, "one", "two"],
    [published, "three", "two"],
    [published, BUNDLED, "two"],
    [FRESH, "one", BUNDLED],
    [published, "two", undefined],
    [FRESH, BUNDLED, undefined],
  ])("as a conflict, when another revision is active than expected", (publication, expected, active) => {
    for (const move of [store("four"), activate("four"), canary("four", 5), rollback]) {
      if (move.kind === "rollback" && publication === FRESH && !active) continue;
      const refusal = publishRefusal(publication, move, { ...NOBODY, expected });
      expect(refusal).toEqual(active && { reason: "conflict", active });
    }
  });

  it.each<[string, Move[], Move, object | undefined]>([
    [
      "a rollback to nothing",
      [],
      rollback,
      notApplicable("There is no other revision to return to: 'bundled' is also the previous one."),
    ],
    ["a rollback of the first revision", [activate("one")], rollback, undefined],
    [
      "a canary of the active revision",
      [activate("two")],
      canary("two", 5),
      notApplicable("'two' is already active for all users."),
    ],
    ["a canary of the bundled catalog", [activate("one")], canary(BUNDLED, 5), undefined],
    [
      "the end of another canary",
      [activate("one"), canary("two", 5)],
      canary("three", 0),
      notApplicable("The canary is 'two', not 'three'."),
    ],
    ["the end of the canary", [activate("one"), canary("two", 5)], canary("two", 0), undefined],
    ["the end of no canary", [], canary("two", 0), notApplicable("No canary runs.")],
  ])("when it is not applicable: %s", (_what, moves, move, refusal) => {
    expect(publishRefusal(after(moves), move, NOBODY)).toEqual(refusal);
  });
});

describe("the history", () => {
  it("has author, note and time of each move, the newest first", () => {
    const intent = { author: "ann", note: "cheaper", expected: BUNDLED };
    const { next, entry } = applyMove(FRESH, activate("one"), intent, START, "salt");
    const second = applyMove(next, canary("two", 5), { author: "ben", note: null }, START + 1, "salt");
    const third = applyMove(second.next, store("two"), NOBODY, START + 2, "salt");
    expect(entry).toEqual({ at: START, kind: "activate", revision: "one", author: "ann", note: "cheaper" });
    expect(third.next.history).toEqual([
      { at: START + 2, kind: "store", revision: "two", author: null, note: null },
      { at: START + 1, kind: "canary", revision: "two", percent: 5, author: "ben", note: null },
      entry,
    ]);
  });

  it("keeps the last 200 moves", () => {
    const { history } = after(Array.from({ length: 250 }, (_, index) => activate(`revision-${index}`)));
    expect(history.map(({ revision }) => revision).slice(198)).toEqual(["revision-51", "revision-50"]);
  });
});

it("after any moves the pointer is valid, and the canary is not the active revision", () => {
  const revisions = fc.constantFrom("one", "two", "three", BUNDLED);
  const move = fc.oneof(
    revisions.map(store),
    revisions.map(activate),
    fc.tuple(revisions, fc.constantFrom(0, 5, 100)).map(([revision, percent]) => canary(revision, percent)),
    fc.constant(rollback),
  );
  const property = fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
    const { pointer } = moves.reduce(
      (last, each) => (publishRefusal(last, each, NOBODY) ? last : after([each], last)),
      FRESH,
    );
    expect(v.parse(Pointer, JSON.parse(JSON.stringify(pointer)))).toEqual(pointer);
    expect(pointer.canary?.revision).not.toBe(activeOf(pointer));
  });
  fc.assert(property, { numRuns: 500 });
});
