// uses: chat-completions, slim-chat, stored-responses
// The bound of a request to Responses is never less than it can cost, whatever a caller sends.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { passResponses, slimResponses } from "../../../../src/features/responses/exchange.ts";
import { ResponsesRequestSchema } from "../../../../src/dialects/responses/request.ts";
import { SlimRequest } from "../../../../src/features/slim-chat/request.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { readBody } from "../../../../src/core/json-body.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { postRequest } from "../../../support/json-requests.ts";
import { catalogAllowing, EVERYTHING, STAMP } from "../../../support/responses-requests.ts";
import { prepared } from "../../../support/ways.ts";

const TERRA = bundledModel("gpt-6.1-terra");
const CATALOG = catalogAllowing(EVERYTHING);
const IMAGE_TOKENS = 17_200;
const encoder = new TextEncoder();
const utf8 = (text: string) => encoder.encode(text).length;
const writtenBytes = (value: unknown) => utf8(JSON.stringify(value));

/** A body as it arrives at /v1/responses, and at /chat, for a model with room for all of it. */
const passed = async (body: unknown, model = TERRA) =>
  prepared(passResponses(await readBody(postRequest(body), ResponsesRequestSchema), STAMP), model, CATALOG);
const slim = async (body: unknown, model = TERRA) =>
  prepared(slimResponses(await readBody(postRequest(body), SlimRequest)), model, CATALOG);

type Prepared = Awaited<ReturnType<typeof passed>>;
const inputOf = ({ demand }: Prepared) => toBound(demand, TERRA.card, { max_output_tokens: 2000 }, 256).input;
const passedInput = async (fields: object) => inputOf(await passed({ model: "gpt-6.1-terra", input: "Hi", ...fields }));

const image = (image_url: string) => ({ type: "input_image", image_url });
const dataUrl = (length: number) => `data:image/png;base64,${"A".repeat(length)}`;

const shownImage = (url: string) => passedInput({ input: [{ role: "user", content: [image(url)] }] });

const returnedImage = (url: string) =>
  passedInput({ input: [{ type: "function_call_output", call_id: "c", output: [image(url)] }] });

const anyUnit = fc.integer({ min: 0xd7f0, max: 0xe010 }).map((unit) => String.fromCharCode(unit));
const anyText = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
  fc.string({ unit: fc.constantFrom('"', "\\", "\n", "\u0001", "é", "中", "🦫", "\u2028"), minLength: 1 }),
  // Halves of surrogate pairs, alone and by accident together.
  fc.string({ unit: anyUnit, minLength: 1, maxLength: 60 }),
);

describe("the input bound over Responses", () => {
  it("is never less than the UTF-8 bytes of all the text, wherever it stands", async () => {
    const texts = fc.array(anyText, { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(texts, anyText, async (texts, instructions) => {
      const bytes = texts.reduce((sum, text) => sum + utf8(text), utf8(instructions));
      const messages = texts.map((content) => ({ role: "user", content }));
      const parts = texts.map((text) => ({ type: "input_text", text }));
      const outputs = texts.map((output) => ({ type: "function_call_output", call_id: "c", output }));
      const thoughts = texts.map((encrypted_content) => ({ type: "reasoning", encrypted_content }));
      for (const input of [texts.join(""), messages, [{ role: "user", content: parts }], outputs, thoughts]) {
        expect(await passedInput({ input, instructions })).toBeGreaterThanOrEqual(bytes);
      }
      expect(inputOf(await slim({ input: messages, instructions }))).toBeGreaterThanOrEqual(bytes);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it("has room for the provider's template around every message", async () => {
    const input = Array.from({ length: 1000 }, () => ({ role: "user", content: "" }));
    // Four tokens begin and end a message, as the provider's own count has it.
    expect(await passedInput({ input })).toBeGreaterThanOrEqual(4 * 1000 + 3);
    expect(inputOf(await slim({ input }))).toBeGreaterThanOrEqual(4 * 1000 + 3);
    expect(await passedInput({ input: "a" })).toBeGreaterThanOrEqual(1 + 4 + 3);
  });

  it("is never less than the bytes of any JSON that the provider gets to show", async () => {
    const fields = fc.constantFrom("tool_choice", "tools", "text", "temperature", "parallel_tool_calls", "top_p");
    const property = fc.asyncProperty(anyText, fields, fc.jsonValue({ maxDepth: 3 }), async (text, name, value) => {
      const tools = [{ type: "function", name: "pick", parameters: value }];
      const format = { format: { type: "json_schema", schema: value } };
      const changes = { [name]: name === "tools" ? tools : name === "text" ? format : value };
      const exchange = await passed({ model: "gpt-6.1-terra", input: text, ...changes });
      const { input, [name]: shown } = JSON.parse(exchange.write(1)) as Record<string, unknown>;
      const least = writtenBytes(input) + (shown === undefined ? 0 : writtenBytes(shown));
      expect(inputOf(exchange)).toBeGreaterThanOrEqual(least);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("counts an image at the card's ceiling, and its data URL not at all", async () => {
    for (const input of [shownImage, returnedImage]) {
      const small = await input(dataUrl(4));
      expect(await input(dataUrl(1_000_000))).toBe(small);
      expect(small).toBeGreaterThan(IMAGE_TOKENS);
      expect(small).toBeLessThan(IMAGE_TOKENS + 300);
      expect((await input(`https://a.test/${"a".repeat(500)}`)) - (await input("https://a.test/"))).toBe(500);
    }
  });

  it.each(["1e20", "0.000001", "5e-324", "1.7976931348623157e308"])(
    "is never less than numbers that are sent on in more digits than the caller wrote: %s",
    async (number) => {
      const parameters = `{"enum":[${Array.from({ length: 1000 }, () => number).join()}]}`;
      const tools = `[{"type":"function","name":"pick","parameters":${parameters}}]`;
      const exchange = await passed(`{"model":"gpt-6.1-terra","input":"Hi","tools":${tools}}`);
      expect(inputOf(exchange)).toBeGreaterThanOrEqual(writtenBytes(JSON.parse(parameters)));
    },
  );

  it("has room for the instructions that an alias puts before the conversation", async () => {
    const instructions = "堰🦫".repeat(300);
    const model = { ...TERRA, fixed: { instructions } };
    for (const exchange of [await passed({ model: "m", input: "Hi" }, model), await slim({ input: "Hi" }, model)]) {
      expect(inputOf(exchange)).toBeGreaterThanOrEqual(utf8(instructions) + 2);
    }
  });

  it("has room for the prompt that the provider keeps, and for what is put into it", async () => {
    const variables = { name: "堰".repeat(100) };
    expect(await passedInput({ prompt: { id: "pmpt_1", variables } })).toBeGreaterThanOrEqual(500 + 300);
  });

  it("has room for what hosted tools return, and for reading all of it and of the answer again after each call", async () => {
    const plain = await passedInput({ tools: [{ type: "function", name: "search" }] });
    const hosted = await passedInput({ tools: [{ type: "web_search" }], max_tool_calls: 3 });
    expect(hosted).toBeGreaterThanOrEqual(4 * (2 + 3 * 8000) + 3 * 2000);
    expect(plain).toBeLessThan(200);
  });
});
