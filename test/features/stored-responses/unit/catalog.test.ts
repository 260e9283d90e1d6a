// The catalog section `responses`: everything in it is off by default, and background answers must be stored.

import { expect, it } from "vitest";
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";
import "../../../../src/features.ts";
import { switchesOf } from "../../../../src/features/stored-responses/catalog.ts";
import { catalogDocument } from "../../../support/catalog-documents.ts";

const switchesIn = (responses?: object) => {
  const parsed = parseCatalog(catalogDocument(responses ? { responses } : {}));
  return parsed.ok ? switchesOf(parsed.catalog) : parsed.faults;
};

it.each([undefined, {}])("a catalog with the section %j allows nothing", (section) => {
  expect(switchesIn(section)).toEqual({
    store: false,
    background: false,
    conversations: false,
    prompts: {},
    hosted_tools: {},
    max_tool_calls: 8,
  });
});

it("background answers need stored ones", () => {
  expect(switchesIn({ background: true })).toEqual(["responses.background: needs responses.store"]);
  expect(switchesIn({ background: true, store: true })).toMatchObject({ background: true, store: true });
});
