// Headers and body of every provider request, and the list of a provider's models.

import { describe, expect, it } from "vitest";
import type { Provider } from "../../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import { callProvider, listModels } from "../../../../src/core/gateway/provider.ts";
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
