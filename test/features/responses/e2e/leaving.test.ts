// A client that leaves /v1/responses stops the provider, and the answer is settled.

import { APIUserAbortError } from "openai";
import { afterEach, beforeEach, expect, it } from "vitest";
import { emulate } from "../../../support/emulation.ts";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const LONG = { tokens: 10_000, delay_ms: 5 };

it("leaving a loop over the client's stream stops the provider", async () => {
  const { client, user } = await createClient(weir);
  const stream = await client.responses.create({ model: "o4-mini", input: emulate(LONG), stream: true });
  for await (const event of stream) {
    if (event.type === "response.output_text.delta" && event.delta === " river") break;
  }
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  expect(await weir.emulation.idle()).toMatchObject({ streams: 1, cancelled: 1 });
});

it("aborting a response's stream stops the provider", async () => {
  const { client, user } = await createClient(weir);
  const stream = client.responses.stream({ model: "o4-mini", input: emulate(LONG) });
  stream.on("response.output_text.delta", ({ delta }) => {
    if (delta === " river") stream.abort();
  });
  expect(await rejection(stream.finalResponse())).toBeInstanceOf(APIUserAbortError);
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  expect(await weir.emulation.idle()).toMatchObject({ streams: 1, cancelled: 1 });
});
