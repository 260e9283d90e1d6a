// uses: embeddings
// A model of another endpoint: each dialect of the emulated provider refuses it as OpenAI does.

import { expect, it } from "vitest";
import { readError, send } from "../support/client.ts";

const model = "text-embedding-3-small";

it.each([
  ["/v1/chat/completions", { messages: [{ role: "user", content: "Hi" }] }, { status: 404, param: "model" }],
  ["/v1/responses", { input: "Hi" }, { status: 400, param: "model", code: null }],
])("%s refuses a model of embeddings", async (path, fields, expected) => {
  const error = await readError(await send("POST", path, { model, ...fields }));
  expect(error).toMatchObject({ type: "invalid_request_error", ...expected });
});
