// uses: responses
// The stamp of a stored answer names its owner, whatever metadata the caller sends.

import { describe, expect, it } from "vitest";
import { goesOn, readStored, stamped } from "../../../../src/features/stored-responses/stamp.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { responseOf } from "../../../dialects/support/responses-events.ts";
import { catalogAllowing, EVERYTHING, responsesRequest } from "../../../dialects/support/responses-requests.ts";
import { STAMP, writtenResponses } from "../../responses/support/responses-exchanges.ts";

const SNAPSHOT = "o4-mini-2025-04-16";
/** What every stored answer carries, and one that goes on in the background. */
const OURS = { weir_user: STAMP.owner };
const SETTLED_LATER = { ...OURS, weir_lease: STAMP.lease, weir_model: SNAPSHOT };
const MODEL = bundledModel("o4-mini");
const stored = (changes: Record<string, unknown> = {}) =>
  JSON.stringify(responseOf({ metadata: SETTLED_LATER, ...changes }));
/** The metadata that the provider gets with a request. */
const sentWith = (changes: Record<string, unknown>) => {
  const { metadata } = stamped(responsesRequest(changes), STAMP, SNAPSHOT);
  return JSON.parse(JSON.stringify(metadata)) as unknown;
};

describe("the stamp", () => {
  it("is beside the caller's own metadata", () => {
    const metadata = { order: "17" };
    expect(sentWith({ store: true, metadata })).toEqual({ order: "17", ...OURS });
    expect(sentWith({ store: true, metadata: null })).toEqual(OURS);
    expect(writtenResponses({ store: true, metadata }, MODEL, catalogAllowing(EVERYTHING))).toMatchObject({
      store: true,
      metadata: { order: "17", ...OURS },
    });
  });

  it("says by what an answer is settled later where that goes on in the background", () => {
    expect(sentWith({ store: true, background: true, metadata: { order: "17" } })).toEqual({
      order: "17",
      ...SETTLED_LATER,
    });
    const asked = { store: true, background: true };
    expect(writtenResponses(asked, MODEL, catalogAllowing(EVERYTHING)).metadata).toEqual(SETTLED_LATER);
  });

  it("wins over a caller who writes another's", () => {
    const metadata = { weir_user: "another", weir_lease: "another's", weir_model: "another's" };
    expect(sentWith({ store: true, background: true, metadata })).toEqual(SETTLED_LATER);
    const { weir_user: owner, weir_lease: lease } = sentWith({ store: true, metadata }) as Record<string, unknown>;
    expect([owner, lease]).toEqual([STAMP.owner, undefined]);
  });

  it("is not on what is not stored, which stays as it was", () => {
    const request = responsesRequest({ metadata: { order: "17" } });
    expect(stamped(request, STAMP, SNAPSHOT)).toEqual(request);
  });
});

describe("a stored answer", () => {
  it("says whose it is, by what it is settled later, and which tools it has", () => {
    const tools = [{ type: "web_search", search_context_size: "low" }];
    expect(readStored(stored({ tools, max_tool_calls: 3 }))).toEqual({
      status: "completed",
      owner: STAMP.owner,
      lease: STAMP.lease,
      snapshot: SNAPSHOT,
      tools,
      max_tool_calls: 3,
    });
    const settled = readStored(stored({ metadata: OURS }));
    expect(settled).toMatchObject({ owner: STAMP.owner, lease: undefined, snapshot: undefined });
    expect(readStored(stored())).toMatchObject({ tools: [], max_tool_calls: null });
  });

  it.each([
    {},
    null,
    undefined,
    "weir_user",
    { weir_lease: STAMP.lease },
    { ...OURS, weir_user: null },
    { ...OURS, weir_lease: 7 },
    { ...OURS, weir_model: null },
  ])("with foreign metadata is none of ours: %j", (metadata) => {
    expect(readStored(stored({ metadata }))).toBeUndefined();
    expect(goesOn(stored({ metadata, status: "queued" }))).toBe(false);
  });

  it.each(["", "<html>", "null", "7", "[]", "{}"])("is not in %j", (text) => {
    expect(readStored(text)).toBeUndefined();
    expect(goesOn(text)).toBe(false);
  });

  it.each([
    ["queued", true],
    ["in_progress", true],
    ["completed", false],
    ["incomplete", false],
    ["failed", false],
    ["cancelled", false],
  ])("that is %s goes on: %s", (status, expected) => {
    expect(goesOn(stored({ status }))).toBe(expected);
  });
});
