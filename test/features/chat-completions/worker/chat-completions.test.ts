// POST /v1/chat/completions: the forwarded request, refusals, and a slow caller.

import { beforeEach, expect, it } from "vitest";
import { expectBackpressure } from "../../../support/backpressure.ts";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalog, createCatalogOf } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { OPENAI, PLAIN } from "../support/surface.ts";

const SNAPSHOT = "o4-mini-2025-04-16";
const messages = [{ role: "user", content: emulate({ tokens: 3 }) }];

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

it("the provider receives the caller's request with snapshot, output bound and requested usage", async () => {
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
  const sent = { ...body, model: "default", max_completion_tokens: 50 };
  const response = await (await createUser()).post(OPENAI.path, sent);
  expect(response.status, await response.text()).toBe(200);
  expect((await emulation.stats()).last?.body).toEqual({
    ...body,
    model: SNAPSHOT,
    max_completion_tokens: 50,
    stream_options: { include_obfuscation: false, include_usage: true },
  });
});

it.each<[string, Record<string, unknown>, string, string]>([
  ["an unsupported parameter", { temperature: 0.2 }, "unsupported_parameter", "temperature"],
  ["a stored answer", { store: true }, "invalid_request", "store"],
  ["a model of another endpoint", { model: "text-embedding-3-small" }, "unsupported_value", "model"],
])("%s is a 400, and costs nothing", async (_, changes, code, param) => {
  const user = await createUser();
  const response = await user.post(OPENAI.path, { model: "o4-mini", messages, ...changes });
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code, param });
  expect((await emulation.stats()).requests).toBe(0);
  expect(await user.settled()).toEqual(NOTHING);
});

it("a caller who does not read a stream without usage slows the provider down, and gets everything later", async () => {
  await useCatalog(createCatalogOf({ max_output_tokens: 60_000 }));
  await expectBackpressure(PLAIN, 8000);
}, 30_000);
