// Lines of batches: each route prepares a line as it prepares the same request, and reads the usage of its answer.

import { beforeAll, beforeEach, expect, it } from "vitest";
import { batchRoutes } from "../../../../src/core/feature.ts";
import { candidatesFor } from "../../../../src/core/gateway/candidates.ts";
import { COMPLETER, createDollarCatalog } from "../../../support/catalog.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const CATALOG = createDollarCatalog();
const LIMIT = 50;
const PICTURE = { model: "gpt-image-2", prompt: "a river", size: "1024x1024", quality: "low" };
const QUESTION = [{ role: "user", content: "How long is the river?" }];

/** A complete line of each route, and what a request gets on top. */
const LINES: Record<string, { body: Record<string, unknown>; added?: object }> = {
  "/v1/chat/completions": {
    body: { model: "o4-mini-2025-04-16", messages: QUESTION, max_completion_tokens: LIMIT },
  },
  "/v1/responses": {
    body: { model: "o4-mini-2025-04-16", input: QUESTION, store: false, max_output_tokens: LIMIT },
    added: { include: ["reasoning.encrypted_content"] },
  },
  "/v1/completions": { body: { model: `emulated-${COMPLETER}`, prompt: "The river", max_tokens: LIMIT } },
  "/v1/embeddings": { body: { model: "text-embedding-3-small", input: ["river", "weir"], encoding_format: "float" } },
  "/v1/moderations": { body: { model: "omni-moderation-2024-09-26", input: "The river is low." } },
  "/v1/images/generations": { body: PICTURE },
  "/v1/images/edits": { body: { ...PICTURE, images: [{ image_url: "https://pictures.test/river.png" }] } },
};

const ROUTES = batchRoutes().map((route) => Object.assign({ line: LINES[route.url] ?? { body: {} } }, route));

beforeAll(async () => void (await useCatalog(CATALOG)));
beforeEach(emulation.zero);

/** The JSON that the provider would get for a line. */
function written({ url, toCall, line }: (typeof ROUTES)[number]): unknown {
  const { model, ways } = toCall(line.body);
  const [{ exchange }] = candidatesFor(CATALOG, model, ways, Date.now()).candidates;
  const { body } = exchange.ask.write({ maxOutputTokens: LIMIT });
  if (typeof body !== "string") throw new Error(`a line of ${url} is no JSON`);
  return JSON.parse(body);
}

it.each(ROUTES)("a line of $url is what the provider gets for the same request", async (route) => {
  const { url, line, usageOf } = route;
  expect(written(route)).toEqual(line.body);
  const user = await createUser();
  const response = await user.post(url, line.body);
  const answer: unknown = await response.json();
  expect(response.status, JSON.stringify(answer)).toBe(200);
  expect((await emulation.stats()).last?.body).toEqual({ ...line.body, ...line.added });
  const { input, output } = usageOf(answer) ?? { input: NaN, output: NaN };
  expect((await user.settled()).tokens).toBe(input + output);
});

it.each(ROUTES)("a line of $url is validated as the same request", ({ url, toCall, line, usageOf }) => {
  expect(() => toCall({ ...line.body, stored_elsewhere: true })).toThrow(
    expect.objectContaining({ status: 400, body: expect.objectContaining({ param: "stored_elsewhere" }) as object }),
  );
  const isFree = url === "/v1/moderations";
  for (const body of [null, "usage", { usage: null }, { usage: { input_tokens: "many" } }]) {
    expect(usageOf(body)?.input).toBe(isFree ? 0 : undefined);
  }
});
