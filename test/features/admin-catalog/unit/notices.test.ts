// What an operator is told of the models' lives: what ends soon, and where a provider says something else.

import { describe, expect, it } from "vitest";
import type { ListedModel, Notice } from "../../../../src/features/admin-catalog/notices.ts";
import { findNotices } from "../../../../src/features/admin-catalog/notices.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";

const TODAY = "2026-11-23";

/** A catalog of one card with those snapshots, beside one that never ends. */
const catalogOf = (snapshots: Document, aliases: Document = {}) =>
  complete(
    catalogDocument({
      cards: { swift: cardDocument(snapshots), keen: cardDocument({ "keen-1": {} }) },
      aliases: { default: { target: "keen-1" }, ...aliases },
    }),
  );

/** What there is to tell of a snapshot with that life, of which the provider says so much. */
function noticesOf(life: Document, said?: ListedModel[], aliases: Document = {}, today = TODAY): Notice[] {
  const catalog = catalogOf({ "swift-1": life }, aliases);
  const listed = new Map(said ? [["house", [...said, { id: "keen-1" }]]] : []);
  return findNotices(catalog, listed, today);
}
const endingOf = (...given: Parameters<typeof noticesOf>) =>
  noticesOf(...given).filter(({ kind }) => kind === "ending");

describe("a snapshot that ends", () => {
  it.each([
    ["2027-01-23", 61, 0],
    ["2027-01-22", 60, 1],
    ["2026-12-11", 18, 1],
    ["2026-11-24", 1, 1],
  ])("on %s, in %i days, is told %i times", (shutdown_date, days, times) => {
    const notices = noticesOf({ shutdown_date });
    expect(notices).toHaveLength(times);
    for (const notice of notices) {
      expect(notice).toMatchObject({
        kind: "ending",
        provider: "house",
        snapshot: "swift-1",
        shutdownDate: shutdown_date,
      });
      expect(notice.message).toContain(`swift-1 ends on ${shutdown_date}, in ${days} day`);
    }
  });

  it.each(["2026-11-23", "2026-10-23", "2020-01-01"])(
    "and has ended already is only told where the provider serves it still: %s",
    (shutdown_date) => {
      expect(noticesOf({ shutdown_date }, [])).toEqual([]);
      const message = `house still serves swift-1, which the catalog ends on ${shutdown_date}.`;
      expect(noticesOf({ shutdown_date }, [{ id: "swift-1" }])).toMatchObject([{ kind: "unannounced", message }]);
    },
  );

  it("without a day is nothing to tell", () => {
    expect(noticesOf({})).toEqual([]);
    expect(noticesOf({}, [{ id: "swift-1", shutdown_date: null }])).toEqual([]);
  });

  it("by the provider's earlier day is told by that", () => {
    const [notice] = endingOf({ shutdown_date: "2026-12-31" }, [{ id: "swift-1", shutdown_date: "2026-12-01" }]);
    expect(notice).toMatchObject({ shutdownDate: "2026-12-01" });
  });

  it("by the catalog's earlier day is told by that, though the provider has another", () => {
    const [notice] = endingOf({ shutdown_date: "2026-12-01" }, [{ id: "swift-1", shutdown_date: "2027-12-31" }]);
    expect(notice).toMatchObject({ shutdownDate: "2026-12-01" });
  });
});

describe("where the aliases of an ending snapshot go", () => {
  const life = { shutdown_date: "2026-12-11", successor: "keen-1" };
  const messageOf = (aliases: Document, changes: Document = {}) =>
    endingOf({ ...life, ...changes }, undefined, aliases)[0]?.message;

  it("is to the successor, or to the fallback", () => {
    expect(messageOf({ swift: { target: "swift-1" } })).toBe(
      "swift-1 ends on 2026-12-11, in 18 days. 'swift' then goes to keen-1.",
    );
    const fallback = { swift: { target: "swift-1", fallback: ["default"] } };
    expect(messageOf(fallback, { successor: undefined })).toContain("'swift' then goes to keen-1.");
  });

  it("is nowhere for a strict alias, and for one without a successor", () => {
    const both = { frozen: { target: "swift-1", strict: true }, swift: { target: "frozen" } };
    expect(messageOf(both)).toContain("'frozen' then goes to nothing: 404, 'swift' then goes to nothing: 404.");
  });

  it("is not told of aliases that stand for another", () => {
    expect(messageOf({})).toBe("swift-1 ends on 2026-12-11, in 18 days. No alias leads to it.");
  });

  it("is told of aliases that have moved on to it before", () => {
    const notices = findNotices(bundledCatalog(), new Map(), TODAY);
    const notice = notices.find(({ snapshot }) => snapshot === "gpt-5-mini-2025-08-07");
    expect(notice?.message).toContain("'o4-mini' then goes to gpt-6.1-terra");
    expect(notice?.message).toContain("'gpt-5-mini' then goes to gpt-6.1-terra");
  });
});

describe("a snapshot that its provider does not list", () => {
  it("is missing", () => {
    expect(noticesOf({}, [])).toEqual([
      { kind: "missing", provider: "house", snapshot: "swift-1", message: "house does not list swift-1." },
    ]);
  });

  it("and that ends soon is told both", () => {
    expect(noticesOf({ shutdown_date: "2026-12-11" }, []).map(({ kind }) => kind)).toEqual(["missing", "ending"]);
  });

  it("is not missing where nobody was asked", () => {
    expect(noticesOf({})).toEqual([]);
  });
});

describe("an end that the catalog does not know", () => {
  it("is told as unannounced, however far it is", () => {
    expect(noticesOf({}, [{ id: "swift-1", shutdown_date: "2028-01-01" }])).toEqual([
      {
        kind: "unannounced",
        provider: "house",
        snapshot: "swift-1",
        shutdownDate: "2028-01-01",
        message: "house ends swift-1 on 2028-01-01; the catalog says nothing of it.",
      },
    ]);
  });

  it("is told when the catalog has another day", () => {
    const [notice] = noticesOf({ shutdown_date: "2028-02-01" }, [{ id: "swift-1", shutdown_date: "2028-01-01" }]);
    expect(notice).toMatchObject({
      kind: "unannounced",
      shutdownDate: "2028-01-01",
      message: "house ends swift-1 on 2028-01-01; the catalog says 2028-02-01.",
    });
  });

  it("is nothing to tell when both have the same day", () => {
    expect(noticesOf({ shutdown_date: "2028-01-01" }, [{ id: "swift-1", shutdown_date: "2028-01-01" }])).toEqual([]);
  });

  it("and that is soon is told as ending, too, and sends no alias to the snapshot that ends", () => {
    const said = [{ id: "swift-1", shutdown_date: "2026-12-01" }];
    const notices = noticesOf({ successor: "keen-1" }, said, { swift: { target: "swift-1" } });
    expect(notices.map(({ kind }) => kind)).toEqual(["unannounced", "ending"]);
    expect(notices[1]?.message).not.toContain("goes to swift-1");
  });
});

describe("a provider that does not say which models it serves", () => {
  it("is told once, and none of its models is missing", () => {
    const catalog = catalogOf({ "swift-1": {}, "swift-2": {} });
    expect(findNotices(catalog, new Map([["house", undefined]]), TODAY)).toEqual([
      { kind: "unreachable", provider: "house", message: "house did not say which models it serves." },
    ]);
  });

  it("does not hide what ends soon", () => {
    const catalog = catalogOf({ "swift-1": { shutdown_date: "2026-12-11" } });
    const notices = findNotices(catalog, new Map([["house", undefined]]), TODAY);
    expect(notices.map(({ kind }) => kind)).toEqual(["unreachable", "ending"]);
  });

  it("does not hide what another provider says", () => {
    const house = { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY" };
    const catalog = complete(
      catalogDocument({
        providers: { house, other: house },
        cards: { swift: cardDocument({ "swift-1": {} }), keen: cardDocument({ "keen-1": {} }, { provider: "other" }) },
      }),
    );
    const listed = new Map<string, ListedModel[] | undefined>([
      ["house", undefined],
      ["other", [{ id: "swift-1" }]],
    ]);
    expect(findNotices(catalog, listed, TODAY).map(({ kind, provider }) => [kind, provider])).toEqual([
      ["unreachable", "house"],
      ["missing", "other"],
    ]);
  });
});
