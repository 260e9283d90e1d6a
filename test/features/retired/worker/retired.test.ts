// The routes that OpenAI has shut down: every method and every path below has one answer, which costs nothing.

import { beforeAll, expect, it } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createUser, emulation, send, useCatalog } from "../../../support/workerd.ts";

const ROUTES: [string, string, string][] = [
  ["/v1/videos", "2026-09-24", "It has no replacement."],
  ["/v1/assistants", "2026-08-26", "Use POST /v1/responses instead."],
  ["/v1/threads", "2026-08-26", "Use /v1/conversations and POST /v1/responses instead."],
  ["/v1/images/variations", "2026-05-12", "Use POST /v1/images/edits instead."],
];
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const BELOW = ["", "/", "/thread_1/runs/run_1/cancel?after=2"];

beforeAll(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

it.each(ROUTES)(
  "every method of %s and of the paths below is a 404 that tells its end and what to use",
  async (path, end, use) => {
    const user = await createUser();
    const message = `OpenAI shut down ${path} on ${end}, and it is not served here. ${use}`;
    for (const method of METHODS) {
      for (const below of BELOW) {
        const response = await user.get(path + below, { method, ...(method !== "GET" && { body: "anything" }) });
        expect(response.status).toBe(404);
        expect(response.headers.get("weir-error")).toBe("endpoint_retired");
        expect(Date.parse(response.headers.get("sunset") ?? "")).toBe(Date.parse(end));
        const type = "invalid_request_error";
        expect(await errorOf(response)).toEqual({ message, type, param: null, code: "endpoint_retired" });
      }
    }
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  },
);

it("they are a 401 without a token, and paths that only begin alike are not among them", async () => {
  for (const [path] of ROUTES) expect((await send(path)).status).toBe(401);
  const user = await createUser();
  for (const path of ["/v1/videosphere", "/v1/thread"]) {
    expect(await errorOf(await user.get(path))).toMatchObject({ code: "not_found" });
  }
});
