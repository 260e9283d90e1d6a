import { beforeEach, describe, expect, it } from "vitest";
import { createCatalog } from "../support/catalog.ts";
import { ask, PACES } from "../support/surface.ts";
import { createUser, useCatalog } from "../support/workerd.ts";

const TIMING = /^auth;dur=\d+, quota;dur=\d+, provider;dur=\d+, relay;dur=\d+$/;

beforeEach(() => useCatalog(createCatalog()));

describe.each(PACES)("on %s", (_, surface) => {
  it.each([
    ["streamed", true],
    ["whole", false],
  ])("an answer that is %s says how long its request spent where", async (_kind, stream) => {
    const response = await ask(await createUser(), surface, { tokens: 3, first_ms: 25 }, stream);
    const timing = response.headers.get("server-timing") ?? "";
    expect(timing).toMatch(TIMING);
    expect(Number(/provider;dur=(\d+)/.exec(timing)?.[1])).toBeGreaterThanOrEqual(20);
    await response.text();
  });

  it.each([
    ["the provider", undefined, { status: 429 }, /^auth;dur=\d+, quota;dur=\d+$/],
    ["the quota", "tiny", {}, /^auth;dur=\d+$/],
  ] as const)("a refusal of %s says so as far as its request came", async (_who, plan, script, timing) => {
    const response = await ask(await createUser(plan), surface, script);
    expect(response.ok).toBe(false);
    expect(response.headers.get("server-timing")).toMatch(timing);
    await response.text();
  });
});
