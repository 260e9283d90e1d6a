// uses: chat-completions
// Cross-origin requests of web views and browsers, for the origins that the deployment lists.

import { beforeAll, describe, expect, it } from "vitest";
import { createCatalog } from "../../support/catalog.ts";
import { createSend, createUser, useCatalog } from "../../support/workerd.ts";

const APP = "capacitor://localhost";
const LISTED = { ALLOWED_ORIGINS: `https://app.test ${APP}` };
const PREFLIGHT = {
  origin: APP,
  "access-control-request-method": "POST",
  "access-control-request-headers": "authorization,content-type,x-stainless-os",
};

const visible = ({ headers }: Response) => headers.get("access-control-expose-headers")?.split(", ");
const preflight = (headers: Record<string, string>, env = LISTED) =>
  createSend(env)("/chat", { method: "OPTIONS", headers });

beforeAll(async () => void (await useCatalog(createCatalog())));

describe("a preflight request", () => {
  it("of a listed origin needs no token, and allows every header that it asks for", async () => {
    const response = await preflight(PREFLIGHT);
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": APP,
      "access-control-allow-methods": expect.stringContaining("POST") as string,
      "access-control-allow-headers": "authorization,content-type,x-stainless-os",
      vary: "access-control-request-headers, origin",
    });
  });

  it.each<[string, Record<string, string>, Partial<typeof LISTED>]>([
    ["of another origin", { ...PREFLIGHT, origin: "https://evil.test" }, LISTED],
    ["of an origin that only begins like a listed one", { ...PREFLIGHT, origin: "https://app.test.evil.test" }, LISTED],
    ["without the list", PREFLIGHT, { ALLOWED_ORIGINS: "" }],
    ["that is only an OPTIONS request", { origin: APP }, LISTED],
  ])("%s is refused like every request without a token", async (_what, headers, env) => {
    const response = await preflight(headers, { ...LISTED, ...env });
    expect(response.status).toBe(401);
    expect(response.headers.has("access-control-allow-methods")).toBe(false);
  });
});

describe("a response", () => {
  it("to a listed origin can be read with its headers, streamed or not", async () => {
    const user = await createUser(undefined, LISTED);
    for (const stream of [true, false]) {
      const response = await user.post(
        "/v1/chat/completions",
        { model: "o4-mini", messages: HI, stream },
        { headers: { origin: APP } },
      );
      expect(response.status).toBe(200);
      expect(response.headers.get("access-control-allow-origin")).toBe(APP);
      expect(response.headers.get("vary")).toBe("origin");
      expect(visible(response)).toEqual(
        expect.arrayContaining(["x-request-id", "weir-model", "server-timing", "x-ratelimit-limit-tokens"]),
      );
      await response.text();
    }
  });

  it.each<[string, string, number, string]>([
    ["a refusal", "/chat", 401, "invalid_api_key"],
    ["an unknown admin path", "/admin/nowhere", 401, "invalid_api_key"],
  ])("that is %s can be read too, with its code", async (_what, path, status, code) => {
    const response = await createSend(LISTED)(path, { method: "POST", body: "{}", headers: { origin: APP } });
    expect([response.status, response.headers.get("weir-error")]).toEqual([status, code]);
    expect(response.headers.get("access-control-allow-origin")).toBe(APP);
    expect(visible(response)).toEqual(expect.arrayContaining(["weir-error", "www-authenticate", "x-request-id"]));
  });

  it("to another origin cannot, and caches keep them apart", async () => {
    const response = await createSend(LISTED)("/healthz", { headers: { origin: "https://evil.test" } });
    expect(response.headers.has("access-control-allow-origin")).toBe(false);
    expect(response.headers.get("vary")).toBe("origin");
  });

  it("to every origin can, when the list is *", async () => {
    const response = await createSend({ ALLOWED_ORIGINS: "*" })("/healthz", {
      headers: { origin: "https://any.test" },
    });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.has("vary")).toBe(false);
  });
});

const HI = [{ role: "user", content: "Hi" }];
