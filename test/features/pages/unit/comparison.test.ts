// The groups of the comparison: prices by modality and unit, and only rows that a model has.

import { expect, it } from "vitest";
import type { Model, Prices } from "../../../../src/features/pages/public/lib/card-data.js";
import { formatPrice } from "../../../../src/features/pages/public/lib/card-prices.js";
import { comparisonGroups } from "../../../../src/features/pages/public/lib/card-table.js";

const modelOf = (prices: Prices) =>
  ({
    card: { prices, ratings: { price: null }, modalities: {}, endpoints: [], features: [], tools: [] },
  }) as unknown as Model;

it("the comparison has a group for each kind of price, and no empty group", () => {
  const models = [
    modelOf({ input: 5, output: 30, image: { input: 8, output: 30 } }),
    modelOf({ input: 2.5, output: 10, audio: { input: 6 } }),
    modelOf({ minute_of_audio: 0.006 }),
  ];
  const groups = comparisonGroups(models, models);
  const prices = groups.filter(({ title }) => title.includes("rices"));
  const cells = (row: (typeof groups)[number]["rows"][number]) => [row.title, models.map((model) => row.show(model))];
  const shown = prices.map(({ title, rows }) => [title, rows.map(cells)]);
  expect(shown).toEqual([
    [
      "Prices per 1M tokens",
      [
        ["Input", [formatPrice(5), formatPrice(2.5), null]],
        ["Output", [formatPrice(30), formatPrice(10), null]],
      ],
    ],
    [
      "Prices per 1M image tokens",
      [
        ["Input", [formatPrice(8), null, null]],
        ["Output", [formatPrice(30), null, null]],
      ],
    ],
    ["Prices per 1M audio tokens", [["Input", [null, formatPrice(6), null]]]],
    ["Other prices", [["Price", [null, null, `${formatPrice(0.006)} per minute`]]]],
  ]);
  expect(groups.map(({ title }) => title)).not.toContain("Tools");
});
