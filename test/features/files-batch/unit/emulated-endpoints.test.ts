// uses: embeddings, completions, moderation, images
// Batches and files of the emulated provider at the endpoints of other features.

import { expect, it } from "vitest";
import { readError, send } from "../../../provider/support/client.ts";
import { createBatch, later, linesOf, readOutput } from "../support/emulated-batch.ts";

it.each([
  ["/v1/responses", { model: "gpt-5-mini", input: "Hi" }],
  ["/v1/embeddings", { model: "text-embedding-3-small", input: "Hi" }],
  ["/v1/completions", { model: "emulated-any", prompt: "Hi" }],
  ["/v1/moderations", { model: "omni-moderation-latest", input: "Hi" }],
  ["/v1/images/generations", { model: "gpt-image-2", prompt: "Hi", quality: "low", size: "1024x1024" }],
])("A batch answers lines of %s", async (endpoint, body) => {
  const created = await createBatch(linesOf([body], endpoint), { batch_seconds: 0 }, endpoint);
  const done = await later(0, created);
  expect((await readOutput(done.output_file_id))[0]?.response?.status_code).toBe(200);
});

it("A file that an image edit names must exist", async () => {
  const body = { model: "gpt-image-2", prompt: "Hi", images: [{ file_id: "file-x" }] };
  const error = await readError(await send("POST", "/v1/images/edits", body));
  expect(error).toMatchObject({ status: 404, param: "images[0].file_id", message: "Files [file-x] were not found." });
});
