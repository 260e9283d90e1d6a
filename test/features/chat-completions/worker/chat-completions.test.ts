// POST /v1/chat/completions: what of a request reaches the provider, what is refused, and a stream without usage.

import { beforeEach, describe, expect, it } from "vitest";
import { expectBackpressure } from "../../../support/backpressure.ts";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalog, createCatalogOf } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { OPENAI, PLAIN } from "../support/surface.ts";

const SNAPSHOT = "o4-mini-2025-04-16";
const messages = [{ role: "user", content: emulate({ tokens: 3 }) }];

/** The provider's body of a request, which must be served. */
async function forwarded(body: Record<string, unknown>): Promise<Record<string, unknown> | undefined> {
  const response = await (await createUser()).post(OPENAI.path, body);
  expect(response.status, await response.text()).toBe(200);
  return (await emulation.stats()).last?.body;
}

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

describe("the provider gets", () => {
  it("the caller's request, with another model, output bound and wish for usage", async () => {
    const body = {
      messages: [{ role: "developer", content: "Answer briefly.", name: "app" }, ...messages],
      reasoning_effort: "low",
      tools: [{ type: "function", function: { name: "look", parameters: { type: "object", properties: {} } } }],
      tool_choice: "auto",
      response_format: { type: "text" },
      seed: 7,
      user: "a-hash",
      metadata: { screen: "home" },
      store: false,
      stream: true,
      stream_options: { include_obfuscation: false },
    };
    expect(await forwarded({ ...body, model: "default", max_completion_tokens: 50 })).toEqual({
      ...body,
      model: SNAPSHOT,
      max_completion_tokens: 50,
      stream_options: { include_obfuscation: false, include_usage: true },
    });
  });
});

it.each<[string, Record<string, unknown>, string, string]>([
  ["a parameter that the model refuses", { temperature: 0.2 }, "unsupported_parameter", "temperature"],
  ["a wish to store the answer", { store: true }, "invalid_request", "store"],
  ["a more expensive service", { service_tier: "priority" }, "invalid_request", "service_tier"],
  ["a tool that the provider would run", { tools: [{ type: "web_search" }] }, "invalid_request", "tools.0.type"],
  [
    "a file",
    { messages: [{ role: "user", content: [{ type: "file", file: { file_id: "file-1" } }] }] },
    "invalid_request",
    "messages.0.content.0.type",
  ],
  ["a model of another endpoint", { model: "text-embedding-3-small" }, "unsupported_value", "model"],
])("%s is a 400, and nothing is sent", async (_, changes, code, param) => {
  const user = await createUser();
  const response = await user.post(OPENAI.path, { model: "o4-mini", messages, ...changes });
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code, param });
  expect((await emulation.stats()).requests).toBe(0);
  expect(await user.settled()).toEqual(NOTHING);
});

it("a caller who does not read a stream without usage holds the provider up, and gets everything", async () => {
  await useCatalog(createCatalogOf({ max_output_tokens: 60_000 }));
  await expectBackpressure(PLAIN, 8000);
}, 30_000);
