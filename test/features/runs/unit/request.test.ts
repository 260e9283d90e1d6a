// uses: slim-chat
// The parts of a request that belong to runs: the key, the last event id, and the fingerprint.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprintOf, idempotencyKeyOf, isKey, lastEventIdOf } from "../../../../src/features/runs/request.ts";
import type { Json } from "../../../dialects/support/responses-events.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { slimRequest } from "../../slim-chat/support/slim-requests.ts";

const KEY = "2f1f4c0e-8f4d-4c43-9a55-0a6e6b3f9d11";
const headers = (name: string, ...values: string[]) => new Headers(values.map((value) => [name, value]));

describe("the key", () => {
  it.each([KEY, `"${KEY}"`])("%s is the same with and without quotes", (given) => {
    expect(idempotencyKeyOf(headers("idempotency-key", given))).toBe(KEY);
    expect([idempotencyKeyOf(new Headers()), isKey(KEY), isKey(given)]).toEqual([undefined, true, given === KEY]);
  });

  it.each([
    [""],
    ["15-characters.."],
    ["x".repeat(15)],
    ["x".repeat(129)],
    [`"${KEY}`],
    [`""${KEY}""`],
    [`${KEY}/..`],
    [`${KEY} ${KEY}`],
    ["schlüssel-schlüssel"],
    [KEY, KEY],
  ])("%s %s is refused", async (...values) => {
    const { status, body } = await refusalOf(() => idempotencyKeyOf(headers("idempotency-key", ...values)));
    expect([status, body.code]).toEqual([400, "invalid_idempotency_key"]);
  });
});

const read = (values: string[], after?: string[]) => lastEventIdOf(headers("last-event-id", ...values), after);

describe("the last event id", () => {
  it("is that of the header, else that of the query, else 0", () => {
    expect([read([]), read([], []), read(["17"]), read([], ["17"]), read(["0009999"])]).toEqual([0, 0, 17, 17, 9999]);
    // A client that reconnects repeats the URL of its first request.
    expect(read(["17"], ["3"])).toBe(17);
  });

  it.each(["-1", "1.5", "1e3", "12345678", "", "abc", "0x10", "１", "1, 2", "+1"])("'%s' is refused", async (id) => {
    for (const work of [() => lastEventIdOf({ get: () => id } as unknown as Headers), () => read([], [id])]) {
      const { status, body } = await refusalOf(work);
      expect([status, body.code]).toEqual([400, "invalid_last_event_id"]);
    }
  });

  it("is refused when it comes twice", async () => {
    for (const work of [() => read(["1", "1"]), () => read([], ["1", "1"])]) {
      expect((await refusalOf(work)).status).toBe(400);
    }
  });
});

const user = (content: unknown) => ({ role: "user", content });

/** The same JSON with the keys of every object in another order. */
const reordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, field]) => [key, reordered(field)] as const);
  return Object.fromEntries(entries.toReversed());
};
const hashOf = (body: Json, key = "key-1") => fingerprintOf(key, slimRequest(body));

describe("the fingerprint", () => {
  it("is the same in any order of keys, and for any `stream`", async () => {
    const property = fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (example) => {
      const format = { type: "object", properties: { a: {}, z: { example } } };
      const messages = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
      const body = { model: "default", input: messages, format, stream: false };
      expect(await hashOf(reordered({ ...body, stream: true }) as Json)).toBe(await hashOf(body));
    });
    await fc.assert(property, { numRuns: 30 });
    // Many clients write null for what is not set.
    expect(await hashOf({ stream: null, effort: null, tools: null })).toBe(await hashOf({}));
  });

  it("differs for any other change", async () => {
    const bodies: Json[] = [
      {},
      { input: "hi" },
      { input: "Hi " },
      { input: [user("Hi")] },
      { input: [user([{ type: "text", text: "Hi" }])] },
      { input: [user("Hi"), user("Ho")] },
      { input: [user("Ho"), user("Hi")] },
      { model: "other" },
      { instructions: "" },
      { effort: "low" },
      { reasoning: "summary" },
      { max_output_tokens: 100 },
      { max_output_tokens: 101 },
      { format: { a: 1 } },
      { format: { a: "1" } },
      { format: { a: [1, 2] } },
      { format: { a: [2, 1] } },
      { format: { a: { b: 1 } } },
      { format: { a: null } },
      { tools: [{ name: "look" }, { name: "find" }] },
      { tools: [{ name: "find" }, { name: "look" }] },
      { tools: [{ name: "look", description: "It looks." }] },
    ];
    const hashes = await Promise.all(bodies.map((body) => hashOf(body)));
    expect(new Set(hashes).size).toBe(bodies.length);
    expect(hashes[0]).toMatch(/^[\w-]{43}$/);
  });

  it("does not show which runs have the same request", async () => {
    expect(await hashOf({}, "key-2")).not.toBe(await hashOf({}));
  });
});
