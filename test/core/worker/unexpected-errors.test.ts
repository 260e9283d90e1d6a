// An error that nobody expected: a 500 that reveals nothing, and a log line that shows where it came from.

import { createExecutionContext } from "cloudflare:test";
import { Hono } from "hono";
import { afterEach, expect, it, vi } from "vitest";
import { createApp } from "../../../src/app.ts";
import { InternalError } from "../../../src/core/errors.ts";
import type { AppEnv } from "../../../src/core/feature.ts";
import { errorOf } from "../../support/caller.ts";
import { watchLog } from "../../support/log-lines.ts";
import { bindings } from "../../support/workerd.ts";

afterEach(() => void vi.restoreAllMocks());

function failWith(createError: () => Error): never {
  throw createError();
}

it.each([
  ["a foreign error", () => new TypeError("what the user wrote"), "TypeError"],
  ["a fault of Weir", () => new InternalError("no provider"), "InternalError: no provider"],
])("%s", async (_, createError, shown) => {
  const probe = new Hono<AppEnv>().get("/", () => failWith(createError));
  const app = createApp([{ name: "probe", routes: [{ path: "/probe", access: "public", app: probe, summary: "" }] }]);
  const logged = watchLog();
  const response = await app.fetch(new Request("http://weir/probe"), bindings, createExecutionContext());
  expect(response.status).toBe(500);
  expect(await errorOf(response)).toMatchObject({ code: "internal_error", type: "server_error" });
  const [line] = logged("refused");
  expect(line).toMatchObject({ status: 500, error: shown });
  expect(String(line?.["stack"])).toContain("failWith");
  expect(JSON.stringify(line)).not.toContain("what the user wrote");
});
