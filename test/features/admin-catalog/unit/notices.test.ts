// Notices for operators: snapshots that end soon, and differences between the provider and the catalog.

import { describe, expect, it } from "vitest";
import type { ListedModel } from "../../../../src/core/gateway/provider.ts";
import type { Notice } from "../../../../src/features/admin-catalog/notices.ts";
import { findNotices } from "../../../../src/features/admin-catalog/notices.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";

const TODAY = "2026-11-23";
const SWIFT = { provider: "house", snapshot: "swift-1" };

/** The notices for a snapshot with these dates and the provider's list. A second snapshot never ends. */
function noticesOf(life: Document, listed?: ListedModel[], aliases: Document = {}): Notice[] {
  const cards = { swift: cardDocument({ "swift-1": life }), keen: cardDocument({ "keen-1": {} }) };
  const catalog = complete(catalogDocument({ cards, aliases: { default: { target: "keen-1" }, ...aliases } }));
  return findNotices(catalog, new Map(listed ? [["house", [...listed, { id: "keen-1" }]]] : []), TODAY);
}

const says = (shutdown_date?: string | null): ListedModel[] => [{ id: "swift-1", shutdown_date }];
const unannounced = (shutdownDate: string, message: string) => ({
  kind: "unannounced",
  ...SWIFT,
  shutdownDate,
  message,
});
const ending = (shutdownDate: string) => expect.objectContaining({ kind: "ending", ...SWIFT, shutdownDate }) as unknown;
const MISSING = { kind: "missing", ...SWIFT, message: "house does not list swift-1." };
const served = (date: string) => unannounced(date, `house still serves swift-1, which the catalog ends on ${date}.`);

describe("the end of a snapshot", () => {
  it.each<[string, string | undefined, ListedModel[] | undefined, unknown[]]>([
    ["unknown, without a list", undefined, undefined, []],
    ["unknown to both", undefined, says(null), []],
    ["in 61 days", "2027-01-23", undefined, []],
    ["in 60 days", "2027-01-22", undefined, [ending("2027-01-22")]],
    ["tomorrow", "2026-11-24", undefined, [ending("2026-11-24")]],
    ["today, no longer listed", TODAY, [], []],
    ["today, still listed", TODAY, says(), [served(TODAY)]],
    ["long ago, still listed", "2020-01-01", says(), [served("2020-01-01")]],
    ["unknown, and the snapshot is not listed", undefined, [], [MISSING]],
    ["soon, and the snapshot is not listed", "2026-12-11", [], [MISSING, ending("2026-12-11")]],
    ["the same for both", "2028-01-01", says("2028-01-01"), []],
    [
      "known to the provider only",
      undefined,
      says("2028-01-01"),
      [unannounced("2028-01-01", "house ends swift-1 on 2028-01-01; the catalog says nothing about a shutdown.")],
    ],
    [
      "different for the provider",
      "2028-02-01",
      says("2028-01-01"),
      [unannounced("2028-01-01", "house ends swift-1 on 2028-01-01; the catalog says 2028-02-01.")],
    ],
    [
      "earlier for the provider, and soon",
      "2027-12-31",
      says("2026-12-01"),
      [expect.objectContaining({ kind: "unannounced" }), ending("2026-12-01")],
    ],
    [
      "earlier for the catalog, and soon",
      "2026-12-01",
      says("2027-12-31"),
      [expect.objectContaining({ kind: "unannounced" }), ending("2026-12-01")],
    ],
  ])("is %s", (_what, shutdown_date, listed, notices) => {
    expect(noticesOf({ shutdown_date }, listed)).toEqual(notices);
  });
});

const messageOf = (...how: Parameters<typeof noticesOf>) =>
  noticesOf(...how).find(({ kind }) => kind === "ending")?.message;

describe("the message of an end", () => {
  const life = { shutdown_date: "2026-12-11", successor: "keen-1" };
  it.each<[string, Document, Document, string]>([
    [
      "the successor",
      {},
      { swift: { target: "swift-1" } },
      "swift-1 ends on 2026-12-11, in 18 days. 'swift' then goes to keen-1.",
    ],
    [
      "the fallback",
      { successor: undefined, shutdown_date: "2026-11-24" },
      { swift: { target: "swift-1", fallback: ["default"] } },
      "swift-1 ends on 2026-11-24, in 1 day. 'swift' then goes to keen-1.",
    ],
    [
      "nothing",
      {},
      { frozen: { target: "swift-1", strict: true }, swift: { target: "frozen" } },
      "swift-1 ends on 2026-12-11, in 18 days. 'frozen' then goes to nothing: 404, 'swift' then goes to nothing: 404.",
    ],
    ["no alias", {}, {}, "swift-1 ends on 2026-12-11, in 18 days. No alias leads to it."],
  ])("names where each alias goes: %s", (_where, changes, aliases, message) => {
    expect(messageOf({ ...life, ...changes }, undefined, aliases)).toBe(message);
  });

  it("does not name a snapshot whose end only the provider knows", () => {
    const aliases = { swift: { target: "swift-1" } };
    expect(messageOf({ successor: "keen-1" }, says("2026-12-01"), aliases)).toContain("'swift' then goes to keen-1.");
  });
});

describe("a provider that does not list its models", () => {
  const house = { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY" };
  const catalog = complete(
    catalogDocument({
      providers: { house, other: house },
      cards: {
        swift: cardDocument({ "swift-1": { shutdown_date: "2026-12-11" }, "swift-2": {} }),
        keen: cardDocument({ "keen-1": {} }, { provider: "other" }),
      },
    }),
  );

  it("has one notice, and hides no other notices", () => {
    const listed = new Map<string, ListedModel[] | undefined>([
      ["house", undefined],
      ["other", [{ id: "swift-1" }]],
    ]);
    expect(findNotices(catalog, listed, TODAY)).toEqual([
      { kind: "unreachable", provider: "house", message: "The model list of house could not be read." },
      expect.objectContaining({ kind: "ending", snapshot: "swift-1" }),
      expect.objectContaining({ kind: "missing", provider: "other", snapshot: "keen-1" }),
    ]);
  });
});
