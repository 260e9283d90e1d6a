// Headers and body of every provider request, and the list of a provider's models.

import { describe, expect, it } from "vitest";
import type { Provider } from "../../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import { callProvider, countInput, listModels, readText } from "../../../../src/core/gateway/provider.ts";
import { refusalOf } from "../../../support/refusals.ts";

const HOUSE: Provider = {
  base_url: "https://models.test/v1",
  key_variable: "HOUSE_API_KEY",
  headers: { "x-title": "Weir", "anthropic-version": "2023-06-01" },
  counts_input: false,
  lists_models: true,
  key_header: "authorization",
};

/** Bindings with a provider that answers so, and the requests that it gets. */
function deploy(answer: () => Response = () => Response.json({ data: [] })) {
  const requests: Request[] = [];
  const fetch = async (request: Request) => {
    requests.push(request);
    return answer();
  };
  const env = { PROVIDER_HOSTS: "models.test", HOUSE_API_KEY: "sk-1", UPSTREAM: { fetch } } as unknown as Bindings;
  return { env, requests };
}

const call = (env: Bindings, request: { body?: string; headers?: Record<string, string> }) =>
  callProvider(env, HOUSE, { path: "/chat/completions", ...request }, new AbortController().signal);

describe("a request to a provider", () => {
  it("has its own headers, the catalog's headers and the key, which nothing can replace", async () => {
    const { env, requests } = deploy();
    const headers = { "content-type": "application/json", authorization: "Bearer other", "x-title": "Other" };
    await call(env, { body: '{"model":"swift-1"}', headers });
    expect(Object.fromEntries(requests[0]?.headers ?? [])).toEqual({
      "x-title": "Weir",
      "anthropic-version": "2023-06-01",
      authorization: "Bearer sk-1",
      "content-type": "application/json",
    });
    const url = "https://models.test/v1/chat/completions";
    expect(requests[0]).toMatchObject({ method: "POST", redirect: "manual", url });
  });

  it("without a body is a GET without a content type", async () => {
    const { env, requests } = deploy();
    await call(env, {});
    expect(requests[0]).toMatchObject({ method: "GET", body: null });
    expect(Object.fromEntries(requests[0]?.headers ?? [])).toEqual({ ...HOUSE.headers, authorization: "Bearer sk-1" });
  });
});

/** A response with a body of that many MB, and whether the rest of it was cancelled. */
function createLong(megabytes: number, init: ResponseInit = {}) {
  const seen = { sent: 0, cancelled: false };
  const body = new ReadableStream(
    {
      type: "bytes",
      pull(controller) {
        if (seen.sent === megabytes) {
          controller.close();
          return controller.byobRequest?.respond(0);
        }
        seen.sent += 1;
        controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
      },
      cancel: () => void (seen.cancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(body, init), seen };
}

describe("an answer that is read as a whole", () => {
  it("may have 16 MB", async () => {
    expect(await readText(createLong(16).response)).toHaveLength(16 * 1024 * 1024);
  });

  it("is a provider error when it is longer, and the rest is cancelled", async () => {
    const { response, seen } = createLong(100);
    const error = await refusalOf(() => readText(response));
    expect(error).toMatchObject({ status: 502, body: { code: "provider_error" } });
    expect(String(error.cause)).toContain("max_answer_bytes");
    expect(seen).toEqual({ sent: 17, cancelled: true });
  });

  it("may be longer when the card says so", async () => {
    expect(await readText(createLong(20).response, 20 * 1024 * 1024)).toHaveLength(20 * 1024 * 1024);
  });

  it("that is an error is read up to 64 KiB", async () => {
    const { response, seen } = createLong(100, { status: 500 });
    await refusalOf(() => call(deploy(() => response).env, { body: "{}" }));
    expect(seen).toEqual({ sent: 1, cancelled: true });
  });

  it("that is a count is bounded too", async () => {
    const { response, seen } = createLong(100);
    expect(await countInput(deploy(() => response).env, { ...HOUSE, counts_input: true }, "{}")).toBeUndefined();
    expect(seen.cancelled).toBe(true);
  });
});

describe("the list of a provider's models", () => {
  it("has their shutdown dates", async () => {
    const data = [
      { id: "swift-1", object: "model", shutdown_date: "2026-12-11" },
      { id: "swift-2", shutdown_date: null },
      { id: "swift-3" },
    ];
    const { env, requests } = deploy(() => Response.json({ object: "list", data }));
    expect(await listModels(env, HOUSE)).toEqual([
      { id: "swift-1", shutdown_date: "2026-12-11" },
      { id: "swift-2", shutdown_date: null },
      { id: "swift-3", shutdown_date: null },
    ]);
    expect(requests[0]?.url).toBe("https://models.test/v1/models");
  });

  it.each<[string, () => Response]>([
    ["a page", () => new Response("<html>secret</html>")],
    ["another shape", () => Response.json({ models: [] })],
    ["a refusal", () => new Response("secret", { status: 401 })],
  ])("that is %s is a provider error", async (_what, answer) => {
    const error = await refusalOf(() => listModels(deploy(answer).env, HOUSE));
    expect(error.status).toBe(502);
    expect(error.body.message).not.toContain("secret");
  });
});
