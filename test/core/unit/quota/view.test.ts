// The view that the object returns: small on its way, and complete for its caller.

import { expect, it } from "vitest";
import { packView, unpackView } from "../../../../src/core/quota/view.ts";
import { openBook, tokensADay } from "../../support/quota-book.ts";

const NOON = Date.UTC(2026, 10, 23, 12);

it("a view is the same after its way from the object", () => {
  const models = ["swift"];
  const windows = [tokensADay(1000), { unit: "usd", per: "month", limit: 5000, models } as const];
  const book = openBook({ windows: [...windows], concurrent: 4 }, NOON);
  book.reserve("first", { input: 100, output: 100, inputNanoUsd: 70 });
  book.settle("first", 120, 1, 60);
  book.reserve("second", { input: 1, output: 900 });
  book.change({ kind: "grant", window: "tokens/day", amount: 50 });
  const view = book.view();
  expect(view.windows[0]).toMatchObject({ limit: 1050, used: 120, reserved: 880, left: 50 });
  const travelled = JSON.parse(JSON.stringify(packView(view, NOON))) as number[];
  expect(unpackView(travelled, book.limits)).toEqual(view);
});
