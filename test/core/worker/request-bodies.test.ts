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
  const body = new ReadableStream(
    {
      type: "bytes",
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

/** A request whose body arrives in pieces of `size` bytes, with an event loop turn between them. */
function inPieces(text: string, size: number, headers: Record<string, string> = {}) {
  const { readable, writable } = new IdentityTransformStream();
  const send = async () => {
    const bytes = new TextEncoder().encode(text);
    const writer = writable.getWriter();
    for (let at = 0; at < bytes.length; at += size) await writer.write(bytes.slice(at, at + size));
    await writer.close();
  };
  // A body that is longer than declared is not read to its end.
  send().catch(() => undefined);
  return new Request("https://weir.test/chat", { method: "POST", headers, body: readable });
}

const textOf = async (request: Request) => new TextDecoder().decode(await takeBody(request));

describe("a body in pieces", () => {
  const lengths = [1, 16_383, 16_384, 16_385, 131_072, 131_073, 400_000];

  it.each(lengths)("of %i bytes without a declared length is read as a whole", async (length) => {
    const text = "0123456789".repeat(length).slice(0, length);
    expect(await textOf(inPieces(text, 10_000))).toBe(text);
  });

  it.each(lengths)("of %i bytes is read as a whole", async (length) => {
    const text = "0123456789".repeat(length).slice(0, length);
    expect(await textOf(inPieces(text, 10_000, { "content-length": String(length) }))).toBe(text);
  });

  it.each([2, 16_384, 30_000, 200_000])(
    "that is shorter than the %i bytes that it declares is what arrived",
    async (length) => {
      const headers = { "content-length": String(length) };
      expect(await textOf(inPieces("{", 1, headers))).toBe("{");
      const text = "x".repeat(length - 1);
      expect(await textOf(inPieces(text, 10_000, headers))).toBe(text);
    },
  );

  it.each([2, 16_384, 30_000])("that is longer than the %i bytes that it declares is cut there", async (length) => {
    const text = "x".repeat(500_000);
    expect(await textOf(inPieces(text, 10_000, { "content-length": String(length) }))).toHaveLength(length);
  });

  it.each(["", "-1", "1.5", "many"])("that declares the length '%s' is read as a whole", async (length) => {
    const text = "x".repeat(20_000);
    expect(await textOf(inPieces(text, 10_000, { "content-length": length }))).toBe(text);
  });

  it("without any byte is empty", async () => {
    expect(await textOf(inPieces("", 1))).toBe("");
    expect(await textOf(new Request("https://weir.test/chat", { method: "POST" }))).toBe("");
  });

  it("that breaks off is not taken for a whole one", async () => {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    void writer.write(new TextEncoder().encode("{}")).then(() => writer.abort(new Error("connection lost")));
    await expect(takeBody(new Request("https://weir.test/chat", { method: "POST", body: readable }))).rejects.toThrow();
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

it("a form is a 415 on a route for JSON", async () => {
  const user = await createUser();
  const response = await user.post("/v1/chat/completions", new FormData());
  expect([response.status, await errorOf(response)]).toMatchObject([415, { code: "unsupported_media_type" }]);
});

it("a compressed body is a 415 that names the header", async () => {
  const user = await createUser(undefined, {});
  const headers = { "content-encoding": "gzip" };
  const response = await user.get("/v1/chat/completions", { method: "POST", headers, body: new Uint8Array([31, 139]) });
  expect(response.status).toBe(415);
  expect((await errorOf(response)).message).toContain("content-encoding");
});
