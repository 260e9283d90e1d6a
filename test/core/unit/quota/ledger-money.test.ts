// Windows of money and windows of some models: what is granted, refused and charged where several units count at once.

import { describe, expect, it } from "vitest";
import type { Window } from "../../../../src/core/catalog/quota-window.ts";
import { parseWindowKey, windowKey } from "../../../../src/core/catalog/quota-window.ts";
import { openBook, tokensADay } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const usd = (limit: number, models?: string[]): Window => ({ unit: "usd", per: "day", limit, models });
const open = (...windows: Window[]) => openBook({ windows, concurrent: 4 }, NOON);
/** 100 tokens of input for 1000 nano-dollars, and output at 7 each. */
const PRICED = { input: 100, inputNanoUsd: 1000, outputNanoUsd: 7, minOutput: 50 };

describe("a window of money", () => {
  it("holds the dearest that a request can cost, and is charged what it did cost", () => {
    const book = open(usd(10_000));
    expect(book.reserve("first", { ...PRICED, output: 500 })).toMatchObject({ ok: true, granted: 500 });
    expect(book.use("usd")).toEqual({ used: 0, reserved: 4500, left: 5500 });
    book.settle("first", 120, 1, 1140);
    expect(book.use("usd")).toEqual({ used: 1140, reserved: 0, left: 8860 });
  });

  it("lowers the output to what it can pay for, in whole tokens and for every choice", () => {
    const book = open(usd(3000));
    expect(book.reserve("first", { ...PRICED, output: 500 })).toMatchObject({ ok: true, granted: 285 });
    const choices = open(usd(3000));
    expect(choices.reserve("first", { ...PRICED, output: 500, choices: 3 })).toMatchObject({ ok: true, granted: 95 });
    expect(choices.use("usd").reserved).toBe(1000 + 3 * 95 * 7);
  });

  it("refuses what it cannot pay the least output of", () => {
    const book = open(usd(1349));
    const result = book.reserve("first", { ...PRICED, output: 500 });
    expect(result).toMatchObject({ ok: false, reason: "window", window: { unit: "usd" }, needed: 1350 });
    expect(open(usd(1350)).reserve("first", { ...PRICED, output: 500 })).toMatchObject({ ok: true, granted: 50 });
  });

  it("limits the input of a model whose output is free", () => {
    const book = open(usd(1000));
    const bound = { input: 100, output: 500, inputNanoUsd: 1000 };
    expect(book.reserve("first", bound)).toMatchObject({ ok: true, granted: 500 });
    expect(book.reserve("second", bound)).toMatchObject({ ok: false, reason: "window" });
  });
});

describe("a window of some models", () => {
  const group: Window = { ...tokensADay(300), models: ["deep", "wide"] };
  const bound = { input: 100, output: 100 };

  it("counts those, and the window of all counts them too", () => {
    const book = open(group, tokensADay(1000));
    book.reserve("first", bound, undefined, "wide");
    book.reserve("second", bound, undefined, "swift");
    expect(book.view().windows.map(({ reserved }) => reserved)).toEqual([200, 400]);
    book.settle("first", 150);
    book.settle("second", 30);
    expect(book.view().windows.map(({ used }) => used)).toEqual([150, 180]);
  });

  it("grants by its own room, and to other models by none of it", () => {
    const book = open(group, tokensADay(1000));
    expect(book.reserve("first", { input: 100, output: 900 }, undefined, "deep")).toMatchObject({ granted: 200 });
    expect(book.reserve("second", { input: 100, output: 900 }, undefined, "swift")).toMatchObject({ granted: 600 });
  });

  it("has a name of its own, which says what it counts", () => {
    expect(windowKey(group)).toBe("tokens/day/deep,wide");
    const { unit, per, counts } = parseWindowKey("tokens/day/deep,wide");
    expect([unit, per]).toEqual(["tokens", "day"]);
    expect(["deep", "wide", "swift", "dee", ""].map(counts)).toEqual([true, true, false, false, false]);
    expect(parseWindowKey("tokens/day").counts("")).toBe(true);
  });
});

describe("a refusal by several windows", () => {
  it("waits for the one that is used up, not for one that only running requests fill", () => {
    const book = open({ unit: "requests", per: "hour", limit: 1 }, tokensADay(1000));
    book.reserve("short", { input: 1, output: 0, minOutput: 0 });
    book.settle("short", 1);
    // The hour's one request is used up; of the day there is enough, once this one is settled.
    book.limits = { windows: [tokensADay(1000)], concurrent: 4 };
    book.reserve("running", { input: 900, output: 50 });
    book.limits = { windows: [{ unit: "requests", per: "hour", limit: 1 }, tokensADay(1000)], concurrent: 4 };
    const result = book.reserve("next", { input: 500, output: 1 });
    expect(result).toMatchObject({ ok: false, retryAfterMs: 3_600_000, window: { unit: "requests" } });
  });
});
