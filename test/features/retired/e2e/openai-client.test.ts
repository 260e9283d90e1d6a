// The `openai` package as it is, on routes that OpenAI has shut down.

import { NotFoundError } from "openai";
import { afterEach, expect, it } from "vitest";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);

it("the client throws NotFoundError with the date of the end", async () => {
  const { client } = await createClient(weir);
  const image = new File([Uint8Array.of(1, 2, 3)], "weir.png", { type: "image/png" });
  const calls: [() => Promise<unknown>, string][] = [
    [() => client.beta.assistants.create({ model: "o4-mini" }), "/v1/assistants on 2026-08-26"],
    [() => client.beta.threads.messages.list("thread_1"), "/v1/threads on 2026-08-26"],
    [() => client.videos.create({ prompt: "A weir" }), "/v1/videos on 2026-09-24"],
    [() => client.images.createVariation({ image }), "/v1/images/variations on 2026-05-12"],
  ];
  for (const [call, words] of calls) {
    const error = await rejection(call());
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ code: "endpoint_retired", message: expect.stringContaining(words) as string });
  }
});
