// uses: chat-completions
// A deployment that lacks a variable or a binding: GET /healthz names it, and no request fails with a TypeError.

import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../../src/core/env.ts";
import { errorOf } from "../../support/caller.ts";
import { createCatalog } from "../../support/catalog.ts";
import { watchLog } from "../../support/log-lines.ts";
import { createSend, createUser, useCatalog } from "../../support/workerd.ts";

beforeAll(async () => void (await useCatalog(createCatalog())));
afterEach(() => void vi.restoreAllMocks());

const without = (name: keyof Bindings) => ({ [name]: undefined }) as unknown as Partial<Bindings>;
const CHAT = { model: "o4-mini", messages: [{ role: "user", content: "Hi" }] };

describe.each(["PROVIDER_HOSTS", "QUOTA_PEPPER", "USER_QUOTA", "OPENAI_API_KEY", "AUTH_ISSUERS"] as const)(
  "without %s",
  (name) => {
    it("GET /healthz is a 503 that names it", async () => {
      const response = await createSend(without(name))("/healthz");
      expect(response.status).toBe(503);
      expect(await errorOf(response)).toMatchObject({
        code: "not_configured",
        message: expect.stringContaining(name) as string,
      });
    });

    it("a request that needs it is a 500 not_configured, whose reason is in the log", async () => {
      const user = await createUser(undefined, without(name));
      const logged = watchLog();
      const response = await user.post("/v1/chat/completions", CHAT);
      expect([response.status, (await errorOf(response)).code]).toEqual([500, "not_configured"]);
      expect(logged("refused")).toMatchObject([{ cause: expect.stringContaining(name) as string }]);
    });
  },
);

it("without the KV namespace, requests use the bundled catalog, and GET /healthz says so", async () => {
  const response = await createSend(without("CATALOG"))("/healthz");
  expect(await errorOf(response)).toMatchObject({ message: expect.stringContaining("CATALOG: bind") as string });
});
