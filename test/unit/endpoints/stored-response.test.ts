// Answers that a provider keeps: stamped with whose they are, whatever the caller writes, and known by that alone.

import { describe, expect, it } from "vitest";
import { goesOn, readStored, stamped } from "../../../src/endpoints/stored-response.ts";
import { bundledModel } from "../../support/catalog-documents.ts";
import { responseOf } from "../../support/responses-events.ts";
import {
  catalogAllowing,
  EVERYTHING,
  responsesRequest,
  STAMP,
  writtenResponses,
} from "../../support/responses-requests.ts";

const OURS = { weir_user: STAMP.owner, weir_lease: STAMP.lease };
const MODEL = bundledModel("o4-mini");
const stored = (changes: Record<string, unknown> = {}) => JSON.stringify(responseOf({ metadata: OURS, ...changes }));

describe("the stamp", () => {
  it("is beside the caller's own metadata", () => {
    const metadata = { order: "17" };
    expect(stamped(responsesRequest({ store: true, metadata }), STAMP).metadata).toEqual({ order: "17", ...OURS });
    expect(stamped(responsesRequest({ store: true, metadata: null }), STAMP).metadata).toEqual(OURS);
    expect(writtenResponses({ store: true, metadata }, MODEL, catalogAllowing(EVERYTHING))).toMatchObject({
      store: true,
      metadata: { order: "17", ...OURS },
    });
  });

  it("wins over a caller who writes another's", () => {
    const metadata = { weir_user: "another", weir_lease: "another's" };
    expect(stamped(responsesRequest({ store: true, metadata }), STAMP).metadata).toEqual(OURS);
  });

  it("is not on what is not stored, which stays as it was", () => {
    const request = responsesRequest({ metadata: { order: "17" } });
    expect(stamped(request, STAMP)).toEqual(request);
  });
});

describe("a stored answer", () => {
  it("says whose it is, which model it was asked of, and which tools", () => {
    const tools = [{ type: "web_search", search_context_size: "low" }];
    expect(readStored(stored({ tools, max_tool_calls: 3 }))).toEqual({
      status: "completed",
      model: "o4-mini-2025-04-16",
      tools,
      max_tool_calls: 3,
      stamp: STAMP,
    });
    expect(readStored(stored())).toMatchObject({ tools: [], max_tool_calls: null });
  });

  it.each([
    {},
    null,
    undefined,
    "weir_user",
    { weir_user: STAMP.owner },
    { weir_lease: STAMP.lease },
    { ...OURS, weir_user: null },
    { ...OURS, weir_lease: 7 },
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
