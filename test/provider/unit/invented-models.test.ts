// uses: images, speech, transcription, completions
// Models whose name begins with `emulated-`, for trying a card: every endpoint of the emulation takes them.

import { expect, it } from "vitest";
import { send } from "../support/client.ts";

const wav = () => {
  const form = new FormData();
  form.append("file", new Blob([new Uint8Array(1000).fill(0)], { type: "audio/mpeg" }), "a.mp3");
  form.append("model", "emulated-any");
  return form;
};

it.each([
  ["/v1/chat/completions", { messages: [{ role: "user", content: "Hi" }] }],
  ["/v1/completions", { prompt: "Hi" }],
  ["/v1/embeddings", { input: "Hi" }],
  ["/v1/images/generations", { prompt: "Hi" }],
  ["/v1/audio/speech", { input: "Hi", voice: "alloy" }],
])("%s answers", async (path, body) => {
  const response = await send("POST", path, { model: "emulated-any", ...body });
  expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
});

it("transcriptions get as far as the file", async () => {
  const response = await send("POST", "/v1/audio/transcriptions", undefined, {
    body: wav(),
    headers: { authorization: "Bearer key" },
  });
  expect(await response.text()).not.toContain("model");
});
