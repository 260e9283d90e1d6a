// In either dialect, the input bound is never less than what the provider can charge.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBody } from "../../../../src/core/http/json-body.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { chatBody } from "../../../../src/dialects/chat-completions/body.ts";
import { ChatRequestSchema } from "../../../../src/dialects/chat-completions/request.ts";
import { responsesBody } from "../../../../src/dialects/responses/body.ts";
import { ResponsesRequestSchema } from "../../../../src/dialects/responses/request.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { postRequest } from "../../../support/json-requests.ts";
import { sentJson } from "../../support/responses-requests.ts";

type Json = Record<string, unknown>;

/** A model with a large context window. */
const TERRA = bundledModel("gpt-6.1-terra");
const IMAGE_TOKENS = 17_200;
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

const anyUnit = fc.integer({ min: 0xd7f0, max: 0xe010 }).map((unit) => String.fromCharCode(unit));
const anyText = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
  fc.string({ unit: fc.constantFrom('"', "\\", "\n", "\u0001", "é", "中", "🦫", "\u2028"), minLength: 1 }),
  // Halves of surrogate pairs, alone and sometimes together.
  fc.string({ unit: anyUnit, minLength: 1, maxLength: 60 }),
);

const data = (length: number) => `data:image/png;base64,${"A".repeat(length)}`;
const user = (content: unknown) => ({ role: "user", content });
const output = (content: unknown) => ({ type: "function_call_output", call_id: "c", output: content });

/** The places of a text or an image in each dialect, and fields that hold any JSON. */
const DIALECTS = [
  {
    dialect: "Chat Completions",
    prepare: async (body: unknown, model = TERRA) =>
      chatBody(await readBody(postRequest(body), ChatRequestSchema), model),
    empty: { model: "m", messages: [user("Hi")] },
    input: "messages",
    withTexts: (texts: string[]): unknown[] => [
      texts.map(user),
      [user(texts.map((text) => ({ type: "text", text })))],
      texts.map((content) => ({ role: "tool", tool_call_id: "c", content })),
    ],
    images: [(url: string) => [user([{ type: "image_url", image_url: { url } }])]],
    fields: ["response_format", "tools"],
    toolOf: (parameters: unknown) => ({ type: "function", function: { name: "pick", parameters } }),
    formatOf: (schema: unknown) => ({ response_format: { type: "json_schema", json_schema: schema } }),
  },
  {
    dialect: "Responses",
    prepare: async (body: unknown, model = TERRA) =>
      responsesBody(await readBody(postRequest(body), ResponsesRequestSchema), model),
    empty: { model: "m", input: "Hi" },
    input: "input",
    withTexts: (texts: string[]): unknown[] => [
      texts.join(""),
      texts.map(user),
      [user(texts.map((text) => ({ type: "input_text", text })))],
      texts.map(output),
      texts.map((encrypted_content) => ({ type: "reasoning", encrypted_content })),
    ],
    images: [user, output].map((around) => (url: string) => [around([{ type: "input_image", image_url: url }])]),
    fields: ["text", "tools"],
    toolOf: (parameters: unknown) => ({ type: "function", name: "pick", parameters }),
    formatOf: (schema: unknown) => ({ text: { format: { type: "json_schema", schema } } }),
  },
];

describe.each(DIALECTS)("the input bound over $dialect", (dialect) => {
  const { prepare, empty, input, withTexts, images, fields, toolOf, formatOf } = dialect;
  const boundOf = async (changes: Json | string, model = TERRA) => {
    const { demand } = await prepare(typeof changes === "string" ? changes : { ...empty, ...changes }, model);
    return toBound(demand, TERRA.card, { max_output_tokens: 2000 }, 256).input;
  };

  it("is at least the UTF-8 bytes of the text, in every place", async () => {
    const property = fc.asyncProperty(fc.array(anyText, { minLength: 1, maxLength: 4 }), async (texts) => {
      const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      for (const value of withTexts(texts)) expect(await boundOf({ [input]: value })).toBeGreaterThanOrEqual(bytes);
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it("includes the provider's template around every message", async () => {
    // The provider's own count has four tokens for each message.
    const messages = Array.from({ length: 1000 }, () => user(""));
    expect(await boundOf({ [input]: messages })).toBeGreaterThanOrEqual(4 * 1000 + 3);
    expect(await boundOf({ [input]: [user("a")] })).toBeGreaterThanOrEqual(1 + 4 + 3);
  });

  it("counts an image at the card's ceiling, plus its web address but not its data URL", async () => {
    for (const image of images) {
      const boundOfImage = (url: string) => boundOf({ [input]: image(url) });
      const small = await boundOfImage(data(4));
      expect(await boundOfImage(data(1_000_000))).toBe(small);
      expect(small).toBeGreaterThan(IMAGE_TOKENS);
      expect(small).toBeLessThan(IMAGE_TOKENS + 300);
      const long = await boundOfImage(`https://a.test/${"a".repeat(500)}`);
      expect(long - (await boundOfImage("https://a.test/"))).toBe(500);
    }
  });

  it.each(["1e20", "0.000001", "5e-324", "1.7976931348623157e308"])(
    "is at least the digits of a number that JSON writes longer than it was received: %s",
    async (number) => {
      const parameters = `{"enum":[${Array.from({ length: 1000 }, () => number).join()}]}`;
      const body = JSON.stringify({ ...empty, tools: [toolOf("PARAMETERS")] }).replace('"PARAMETERS"', parameters);
      expect(await boundOf(body)).toBeGreaterThanOrEqual(bytesOf(JSON.parse(parameters)));
    },
  );

  it("is at least the bytes of any JSON that is input of the model", async () => {
    const value = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }));
    const property = fc.asyncProperty(anyText, fc.constantFrom(...fields), value, async (text, name, shown) => {
      const format: Json = formatOf(shown);
      const changes = name === "tools" ? { tools: [toolOf(shown)] } : name in format ? format : { [name]: shown };
      const body = { ...empty, [input]: [user(text)], ...changes };
      const written = sentJson(await prepare(body));
      const least = bytesOf(written[input]) + (written[name] === undefined ? 0 : bytesOf(written[name]));
      expect(await boundOf(body)).toBeGreaterThanOrEqual(least);
    });
    await fc.assert(property, { numRuns: 150 });
  });

  it("includes the instructions of an alias", async () => {
    const instructions = "堰🦫".repeat(300);
    const bound = await boundOf({}, { ...TERRA, fixed: { instructions } });
    expect(bound).toBeGreaterThanOrEqual(Buffer.byteLength(instructions) + 2);
  });
});
