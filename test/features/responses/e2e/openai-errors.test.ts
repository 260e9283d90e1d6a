// The errors that the openai package throws for /v1/responses.

import { APIError, BadRequestError, NotFoundError } from "openai";
import type { ResponseCreateParamsNonStreaming } from "openai/resources/responses/responses";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emulate } from "../../../support/emulation.ts";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { itRetriesOnlyFaults } from "../../../support/openai-retries.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const model = "o4-mini";
const input = "Hi";

describe("the client throws", () => {
  it.each<[string, Partial<ResponseCreateParamsNonStreaming>, { code: string; param: string }]>([
    ["an unsupported parameter", { temperature: 0 }, { code: "unsupported_parameter", param: "temperature" }],
    ["no input", { input: [] }, { code: "invalid_request", param: "input" }],
    [
      "a reference to an item",
      { input: [{ type: "item_reference", id: "msg_1" }] },
      { code: "invalid_request", param: "input.0.type" },
    ],
  ])("BadRequestError for %s", async (_what, fields, refusal) => {
    const { client, user } = await createClient(weir);
    const error = await rejection(client.responses.create({ model, input, ...fields }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", ...refusal });
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
    expect(await weir.emulation.stats()).toMatchObject({ requests: 0 });
  });

  it("NotFoundError for an unknown model", async () => {
    const { client } = await createClient(weir);
    const error = await rejection(client.responses.create({ model: "gpt-nothing", input }));
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
  });

  itRetriesOnlyFaults(weir, (client, input) => client.responses.create({ model, input, stream: true }));
});

describe.each([
  ["an error", { error_after: 5 }, "The model failed while answering. Please try again."],
  [
    "an error in the flat shape",
    { error_after: 5, flat_error: true },
    "The model failed while answering. Please try again.",
  ],
  ["a cut connection", { cut_after: 5 }, "The model's answer broke off. Please try again."],
  ["a cut connection, in pieces", { cut_after: 5, split: 7 }, "The model's answer broke off. Please try again."],
])("a stream that breaks off with %s", (_how, fault, message) => {
  const request = { model, input: emulate({ tokens: 20, delay_ms: 1, ...fault }) };
  const TEXT = "water runs over the low";

  it("sends its text, then throws Weir's message", async () => {
    const { client, user } = await createClient(weir);
    const stream = await client.responses.create({ ...request, stream: true });
    let text = "";
    const read = async () => {
      for await (const event of stream) if (event.type === "response.output_text.delta") text += event.delta;
    };
    const error = await rejection(read());
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ message, code: "provider_error", type: "server_error", param: null });
    expect(text).toBe(TEXT);
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(0);
  });

  it("never becomes a final response", async () => {
    const { client } = await createClient(weir);
    const stream = client.responses.stream(request);
    let text = "";
    stream.on("response.output_text.delta", ({ delta }) => {
      text += delta;
    });
    const error = await rejection(stream.finalResponse());
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ message, code: "provider_error" });
    expect(text).toBe(TEXT);
  });
});
