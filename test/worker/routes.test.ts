import { beforeEach, describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { createUser, send, useCatalog } from "../support/workerd.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const UNKNOWN_PATHS = ["/", "/nowhere", "/v1", "/v1/models/o4-mini/secrets", "/healthz/more", "//healthz"];
/** Below /admin a user's token is as good as none. */
const ADMIN_PATHS = ["/admin", "/admin/", "/admin/nowhere", "/admin/users", "/admin/users/o4-mini/changes"];
const CATALOG_PATHS = ["", "/activate", "/canary", "/rollback", "/notices", "/o4-mini"].map(
  (path) => `/admin/catalog${path}`,
);
const STORED_PATHS = ["", "/cancel", "/input_items"].map((path) => `/v1/responses/o4-mini${path}`);

/** Every path of the map once, with something in place of its parameters; middleware has no path of its own. */
const paths = [...new Set(app.routes.map(({ path }) => path.replaceAll(/:\w+/g, "o4-mini")))].filter(
  (path) => !path.includes("*"),
);
const isPublic = (method: string, path: string) => path === "/healthz" && (method === "GET" || method === "HEAD");

const everything = [...new Set([...paths, ...UNKNOWN_PATHS, ...ADMIN_PATHS])].flatMap((path) =>
  METHODS.map((method): [string, string] => [method, path]),
);

beforeEach(async () => {
  await useCatalog(createCatalog());
});

describe("without a token", () => {
  it("the map of routes was walked", () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        "/healthz",
        ...CATALOG_PATHS,
        "/admin/users/o4-mini",
        "/chat",
        "/usage",
        "/v1/chat/completions",
        "/v1/models",
        "/v1/models/o4-mini",
        "/v1/responses",
        "/v1/responses/input_tokens",
        ...STORED_PATHS,
        "/v1/conversations",
        "/v1/conversations/o4-mini",
        "/v1/conversations/o4-mini/items",
      ]),
    );
  });

  it.each(everything.filter(([method, path]) => !isPublic(method, path)))("%s %s is a 401", async (method, path) => {
    const response = await send(path, { method, ...(method === "POST" ? { body: "{" } : {}) });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(response.headers.get("x-request-id")).toBeTruthy();
  });

  it("GET /healthz is answered", async () => {
    const response = await send("/healthz");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "ok" });
  });
});

describe("with a user's token", () => {
  it.each(everything.filter(([, path]) => path.startsWith("/admin")))("%s %s is a 401", async (method, path) => {
    const { token } = await createUser();
    const headers = { authorization: `Bearer ${token}` };
    const response = await send(path, { method, headers, ...(method === "POST" ? { body: "{" } : {}) });
    expect(response.status).toBe(401);
  });

  it.each(UNKNOWN_PATHS)("%s is a 404 in the one envelope", async (path) => {
    const response = await (await createUser()).get(path);
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error", param: null, code: "not_found" });
  });

  it("a method that a path does not have is a 404", async () => {
    const user = await createUser();
    expect((await user.get("/chat")).status).toBe(404);
    expect((await user.post("/usage", "{}")).status).toBe(404);
  });

  it("the models are those of the catalog, with their cards", async () => {
    const user = await createUser();
    const list = (await (await user.get("/v1/models")).json()) as { object: string; data: { id: string }[] };
    expect(list.object).toBe("list");
    expect(list.data.map(({ id }) => id)).toEqual(expect.arrayContaining(["default", "o4-mini", "o4-mini-2025-04-16"]));
    expect(await (await user.get("/v1/models/o4-mini")).json()).toMatchObject({
      id: "o4-mini",
      object: "model",
      owned_by: "openai",
      shutdown_date: null,
      snapshot: "o4-mini-2025-04-16",
      card: { name: "o4-mini", context_window: 200_000 },
    });
    expect((await user.get("/v1/models/toString")).status).toBe(404);
  });

  it("the usage is that of the token's plan", async () => {
    const user = await createUser("tiny");
    expect(await user.usage()).toMatchObject({
      plan: "tiny",
      windows: [
        { unit: "tokens", per: "month", limit: 100, used: 0, reserved: 0, left: 100 },
        { unit: "requests", per: "month", limit: 10_000, used: 0, reserved: 0, left: 10_000 },
      ],
      leases: { running: 0, allowed: 8 },
      max_output_tokens: 2000,
    });
  });
});
