// uses: chat-completions
// Bodies are read only of callers who are authenticated, and only within their bounds.

import { describe, expect, it } from "vitest";
import { takeBody } from "../../../src/core/http/request-bytes.ts";
import { errorOf } from "../../support/caller.ts";
import { refusalOf } from "../../support/refusals.ts";
import { createSend, createUser } from "../../support/workerd.ts";

/** A body that never ends, and the number of its pieces that were read. */
function createEndless() {
  const seen = { pieces: 0 };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.pieces += 1;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

describe("an endless body", () => {
  it.each(["/v1/chat/completions", "/admin/catalog", "/admin/users/weir%7Calice/changes", "/nowhere"])(
    "of a stranger is not read: %s",
    async (path) => {
      const { body, seen } = createEndless();
      const response = await createSend({})(path, { method: "POST", body });
      expect(response.status).toBe(401);
      expect(seen.pieces).toBeLessThanOrEqual(1);
    },
  );

  it("of a caller is a 413 after 4 MB", async () => {
    const { body, seen } = createEndless();
    const response = await (await createUser(undefined, {})).get("/v1/chat/completions", { method: "POST", body });
    expect([response.status, response.headers.get("weir-error")]).toEqual([413, "body_too_large"]);
    expect(seen.pieces).toBeLessThan(70);
  });
});

// The runtime rejects the cancelled read of a socket with a copy of the error.
it("a body of which the rest does not arrive is a 408", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const request = new Request("https://weir.test/chat", { method: "POST", body: readable });
  void writable.getWriter().write(new TextEncoder().encode("{"));
  const error = await refusalOf(() => takeBody(request, 50));
  expect(error).toMatchObject({ status: 408, body: { code: "body_timeout" } });
});

it("a compressed body is a 415 that names the header", async () => {
  const user = await createUser(undefined, {});
  const headers = { "content-encoding": "gzip" };
  const response = await user.get("/v1/chat/completions", { method: "POST", headers, body: new Uint8Array([31, 139]) });
  expect(response.status).toBe(415);
  expect((await errorOf(response)).message).toContain("content-encoding");
});
