// The stamp of a stored answer: its owner and its reservation, whatever metadata the caller sends.

import { describe, expect, it } from "vitest";
import { isRunning, readStored, withStamp } from "../../../../src/features/stored-responses/stamp.ts";
import { responseOf } from "../../../dialects/support/responses-events.ts";
import { storingRequest } from "../support/storing-requests.ts";

const SNAPSHOT = "o4-mini-2025-04-16";
const STAMP = { owner: "the owner", lease: "the lease" };
/** The metadata of a stored answer, and of a background answer. */
const OWNED = { weir_user: STAMP.owner };
const SETTLED_LATER = { ...OWNED, weir_lease: STAMP.lease, weir_model: SNAPSHOT };
const LATER = { store: true, background: true };
const FORGED = { weir_user: "another", weir_lease: "another's", weir_model: "another's" };

const stored = (changes: Record<string, unknown> = {}) =>
  JSON.stringify(responseOf({ metadata: SETTLED_LATER, ...changes }));

it.each([
  ["the owner beside the caller's metadata", { store: true, metadata: { order: "17" } }, { order: "17", ...OWNED }],
  ["the owner without metadata", { store: true, metadata: null }, OWNED],
  [
    "owner, reservation and snapshot in the background",
    { ...LATER, metadata: { a: "1" } },
    { a: "1", ...SETTLED_LATER },
  ],
  ["its own values for forged ones", { ...LATER, metadata: FORGED }, SETTLED_LATER],
  ["no forged reservation", { store: true, metadata: { ...FORGED, weir_model: "m" } }, { ...OWNED, weir_model: "m" }],
])("the stamp has %s", (_what, changes, metadata) => {
  const sent = withStamp(storingRequest(changes), STAMP, SNAPSHOT).metadata;
  expect(JSON.parse(JSON.stringify(sent))).toEqual(metadata);
});

it("a request that is not stored has no stamp", () => {
  const request = storingRequest({ metadata: { order: "17" } });
  expect(withStamp(request, STAMP, SNAPSHOT)).toBe(request);
});

describe("a stored answer", () => {
  it("has its owner, reservation, snapshot and tools", () => {
    const tools = [{ type: "web_search", search_context_size: "low" }];
    const stamp = { ...STAMP, snapshot: SNAPSHOT };
    const read = { status: "completed", ...stamp, tools, max_tool_calls: 3 };
    expect(readStored(stored({ tools, max_tool_calls: 3 }))).toEqual(read);
    const settled = { owner: STAMP.owner, lease: undefined, snapshot: undefined, tools: [], max_tool_calls: null };
    expect(readStored(stored({ metadata: OWNED }))).toMatchObject(settled);
  });

  it.each([
    "",
    "<html>",
    "null",
    "[]",
    "{}",
    ...[
      {},
      null,
      undefined,
      "weir_user",
      { weir_lease: STAMP.lease },
      { ...OWNED, weir_user: null },
      { ...OWNED, weir_lease: 7 },
      { ...OWNED, weir_model: null },
    ].map((metadata) => stored({ metadata, status: "queued" })),
  ])("without a valid stamp is nobody's: %s", (text) => {
    expect(readStored(text)).toBeUndefined();
    expect(isRunning(text)).toBe(false);
  });

  it.each([
    ["queued", true],
    ["in_progress", true],
    ["completed", false],
    ["incomplete", false],
    ["failed", false],
    ["cancelled", false],
  ])("with the status %s is running: %s", (status, running) => {
    expect(isRunning(stored({ status }))).toBe(running);
  });
});
