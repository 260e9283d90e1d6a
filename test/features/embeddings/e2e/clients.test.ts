// The `openai` package and the AI SDK as they are, over /v1/embeddings; and an answer of 33 MB.

import { createOpenAI } from "@ai-sdk/openai";
import { cosineSimilarity, embed, embedMany } from "ai";
import { afterEach, beforeEach, expect, it } from "vitest";

import { createClient } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";

const MODEL = "text-embedding-3-small";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

it("the openai client decodes the base64 that it asks for by itself", async () => {
  const { client, user } = await createClient(weir);
  const input = ["a low wall in a river", "a wall in a river", "green apples"];
  const { data, usage } = await client.embeddings.create({ model: MODEL, input });
  const [one, near, far] = data.map(({ embedding }) => embedding);
  expect(one).toHaveLength(1536);
  expect(cosineSimilarity(one ?? [], near ?? [])).toBeGreaterThan(cosineSimilarity(one ?? [], far ?? []));
  expect((await weir.emulation.stats()).last?.body).toMatchObject({ encoding_format: "base64" });
  const floats = await client.embeddings.create({ model: MODEL, input, encoding_format: "float" });
  expect(floats.data[0]?.embedding[0]).toBeCloseTo(one?.[0] ?? NaN, 6);
  expect(await user.settled()).toMatchObject({ tokens: 2 * usage.prompt_tokens, requests: 2, reserved: 0 });
});

it("the AI SDK embeds one text and many", async () => {
  const user = await weir.createUser();
  const provider = createOpenAI({ baseURL: `${weir.url}/v1`, apiKey: user.token });
  const model = provider.embeddingModel(MODEL);
  const one = await embed({ model, value: "a river", maxRetries: 0 });
  const many = await embedMany({ model, values: ["a river", "a weir"], maxRetries: 0 });
  expect(many.embeddings[0]).toEqual(one.embedding);
  const tokens = one.usage.tokens + many.usage.tokens;
  expect(await user.settled()).toMatchObject({ tokens, reserved: 0 });
});

it("an answer of 33 MB passes through, and is charged by the usage at its end", async () => {
  const user = await weir.createUser();
  const input = Array.from({ length: 2048 }, (_, index) => `text ${index}`);
  const body = { model: "text-embedding-3-large", input, dimensions: 3072, encoding_format: "base64" };
  const response = await user.post("/v1/embeddings", body);
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  expect(bytes).toBeGreaterThan(33_000_000);
  const { tokens, requests } = await user.settled();
  expect(requests).toBe(1);
  expect(tokens).toBeGreaterThan(2 * 2048 - 1);
});
