// A walk of every route: only the public ones answer without a token, and /admin never to a user's.

import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../../src/app.ts";
import { routesOf } from "../../../src/core/feature.ts";
import { features } from "../../../src/features.ts";
import { errorOf } from "../../support/caller.ts";
import { createCatalog } from "../../support/catalog.ts";
import { createUser, send, useCatalog } from "../../support/workerd.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const UNKNOWN_PATHS = ["/", "/nowhere", "/v1", "/v1/secrets/o4-mini", "/healthz/more", "//healthz"];
const ADMIN_PATHS = ["/admin", "/admin/", "/admin/nowhere", "/admin/users", "/admin/users/o4-mini/changes"];

/** Every path once, with something in place of its parameters; middleware has no path of its own. */
const routed = [...new Set(app.routes.map(({ path }) => path.replaceAll(/:\w+(\{[^}]*\})?/g, "o4-mini")))].filter(
  (path) => !path.includes("*"),
);
const paths = [...new Set([...routed, ...UNKNOWN_PATHS, ...ADMIN_PATHS])];
/** Prefixes of the routes that need no token. */
const publicPaths = ["/healthz", ...routesOf(features, "public").map(({ path }) => path)];
const isPublic = (method: string, path: string) =>
  publicPaths.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)) &&
  !UNKNOWN_PATHS.includes(path) &&
  (method === "GET" || method === "HEAD");
const request = (method: string) => ({ method, ...(method === "POST" ? { body: "{" } : {}) });

beforeAll(async () => void (await useCatalog(createCatalog())));

it("the walk has routes", () => {
  expect(routed).toContain("/healthz");
  expect(routed.length).toBeGreaterThan(1);
});

describe("without a token", () => {
  it.each(paths)("%s is a 401 for every method", async (path) => {
    for (const method of METHODS.filter((name) => !isPublic(name, path))) {
      const response = await send(path, request(method));
      expect([method, response.status]).toEqual([method, 401]);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(response.headers.get("x-request-id")).toBeTruthy();
    }
  });

  it("GET /healthz is answered, with the revision", async () => {
    const response = await send("/healthz");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "ok", revision: expect.any(String) as string });
  });
});

describe("with a user's token", () => {
  it.each(paths.filter((path) => path.startsWith("/admin")))("%s is a 401 for every method", async (path) => {
    const { token } = await createUser();
    for (const method of METHODS) {
      const response = await send(path, { ...request(method), headers: { authorization: `Bearer ${token}` } });
      expect([method, response.status]).toEqual([method, 401]);
    }
  });

  it.each(UNKNOWN_PATHS)("%s is a 404 in the one envelope", async (path) => {
    const response = await (await createUser()).get(path);
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error", param: null, code: "not_found" });
  });

  it("the path of a route with another method is a 404 or a 401, and never an error of ours", async () => {
    const user = await createUser();
    for (const path of routed.filter((name) => !name.startsWith("/admin"))) {
      const { status } = await user.get(path, { method: "PATCH" });
      expect([path, status]).toEqual([path, 404]);
    }
  });
});
