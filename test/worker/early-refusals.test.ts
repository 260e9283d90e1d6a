// What is turned away before the provider hears of it: bodies that are too large, and callers whom nobody knows.

import { beforeEach, describe, expect, it } from "vitest";
import { resetCatalogForTests } from "../../src/core/catalog/store.ts";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { failingKv } from "../support/kv-in-trouble.ts";
import { PACES } from "../support/surface.ts";
import { createSend, createUser, emulation, send, useCatalog } from "../support/workerd.ts";

const MEGABYTE = 1024 * 1024;

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

describe.each(PACES)("on %s", (_, surface) => {
  it("a body that is too large is a 413, and nothing is sent", async () => {
    const user = await createUser();
    const body = JSON.stringify({ ...surface.body({}, true), padding: "x".repeat(5 * MEGABYTE) });
    const response = await user.post(surface.path, body);
    expect(response.status).toBe(413);
    expect((await errorOf(response)).code).toBe("body_too_large");
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("a body that is too large and does not say so is a 413, and nothing is sent", async () => {
    const user = await createUser();
    const response = await user.get(surface.path, { method: "POST", body: endless(5) });
    expect(response.status).toBe(413);
    expect((await errorOf(response)).code).toBe("body_too_large");
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("a stranger is a 401, whatever is sent", async () => {
    for (const body of ["{", JSON.stringify(surface.body({}, true)), ""]) {
      const response = await send(surface.path, { method: "POST", body });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
    }
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("a stranger's body that is too large is refused before all of it has come", async () => {
    const said = await send(surface.path, { method: "POST", body: "x".repeat(5 * MEGABYTE) });
    expect([401, 413]).toContain(said.status);
    await said.text();
    const unsaid = await send(surface.path, { method: "POST", body: endless(64) });
    expect([401, 413]).toContain(unsaid.status);
  });

  it.each([
    ["without a token", {}],
    ["with a forged token", { authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIiwiaXNzIjoid2VpciJ9.AAAA" }],
  ])("a stranger %s is a 401 even where the catalog cannot be read", async (_who, headers) => {
    resetCatalogForTests();
    const sendWithout = createSend({ CATALOG: failingKv().kv });
    const body = JSON.stringify(surface.body({}, true));
    const response = await sendWithout(surface.path, { method: "POST", headers, body });
    expect(response.status).toBe(401);
  });
});

/** A body of so many megabytes that does not tell its length. */
function endless(megabytes: number): ReadableStream<Uint8Array> {
  let left = megabytes;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(MEGABYTE).fill(0x20));
      else controller.close();
    },
  });
}
