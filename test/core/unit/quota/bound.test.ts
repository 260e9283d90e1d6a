// uses: chat-completions, slim-chat
// The bound of a request is never less than it can cost, whatever bytes a caller sends; and no more than it must be.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { passChat, slimChat } from "../../../../src/features/chat-completions/exchange.ts";
import { ChatRequestSchema } from "../../../../src/dialects/chat-completions/request.ts";
import { SlimRequest } from "../../../../src/features/slim-chat/request.ts";
import type { Demand } from "../../../../src/core/quota/bound.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { readBody } from "../../../../src/core/json-body.ts";
import { bundledCard, bundledModel } from "../../../support/catalog-documents.ts";
import { postRequest } from "../../../support/json-requests.ts";
import { prepared } from "../../../support/ways.ts";

const CARD = bundledCard("o4-mini");
const TERRA_MODEL = bundledModel("gpt-6.1-terra");
const TERRA = TERRA_MODEL.card;
const PLAN = { max_output_tokens: 2000 };
const IMAGE_TOKENS = 2642;
const encoder = new TextEncoder();

const demandOf = (changes: Partial<Demand> = {}): Demand => ({
  inputBytes: 100,
  images: 0,
  choices: 1,
  maxOutputTokens: undefined,
  ...changes,
});
const boundOf = (demand: Demand, card = CARD) => toBound(demand, card, PLAN, 256);

/** A body as it arrives at /v1/chat/completions, and at /chat, for a model with room for all of it. */
const passed = async (body: unknown, model = TERRA_MODEL) =>
  prepared(passChat(await readBody(postRequest(body), ChatRequestSchema)), model);
const slim = async (body: unknown, model = TERRA_MODEL) =>
  prepared(slimChat(await readBody(postRequest(body), SlimRequest)), model);

/** The input bound of such a body. */
const chatInput = async (body: unknown) => boundOf((await passed(body)).demand, TERRA).input;
const slimInput = async (body: unknown) => boundOf((await slim(body)).demand, TERRA).input;

/** A body with one image at that URL, for either route. */
const chatImage = (url: string) => ({
  model: "o4-mini",
  messages: [
    {
      role: "user",
      content: [
        { type: "image_url", image_url: { url } },
        { type: "text", text: "What?" },
      ],
    },
  ],
});
const slimImage = (url: string) => ({ input: [{ role: "user", content: [{ type: "image", url }] }] });

const anyUnit = fc.integer({ min: 0xd7f0, max: 0xe010 }).map((unit) => String.fromCharCode(unit));
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.string({ unit: fc.constantFrom('"', "\\", "\n", "\u0001", "é", "中", "🦫", "\u2028"), maxLength: 60 }),
  // Halves of surrogate pairs, alone and by accident together.
  fc.string({ unit: anyUnit, maxLength: 60 }),
);

describe("the input bound", () => {
  it("is never less than the UTF-8 bytes of all the text in the messages", async () => {
    const property = fc.asyncProperty(fc.array(anyText, { minLength: 1, maxLength: 4 }), async (texts) => {
      const bytes = texts.reduce((sum, text) => sum + encoder.encode(text).length, 0);
      const messages = texts.map((content) => ({ role: "user", content }));
      expect(await chatInput({ model: "gpt-6.1-terra", messages })).toBeGreaterThanOrEqual(bytes);
      expect(await slimInput({ input: messages })).toBeGreaterThanOrEqual(bytes);
      const parts = texts.map((text) => ({ type: "text", text }));
      expect(await slimInput({ input: [{ role: "user", content: parts }] })).toBeGreaterThanOrEqual(bytes);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it("has room for the provider's template around every message", async () => {
    const messages = Array.from({ length: 1000 }, () => ({ role: "user", content: "" }));
    // Four tokens begin and end a message, as the provider's own count has it.
    expect(await chatInput({ model: "gpt-6.1-terra", messages })).toBeGreaterThanOrEqual(4 * 1000 + 3);
    expect(await slimInput({ input: messages })).toBeGreaterThanOrEqual(4 * 1000 + 3);
    expect(await slimInput({ input: "a" })).toBeGreaterThanOrEqual(1 + 4 + 3);
  });

  it("counts an image at the card's ceiling, and its data URL not at all", async () => {
    const small = await chatInput(chatImage("data:image/png;base64,AAAA"));
    const large = await chatInput(chatImage(`data:image/png;base64,${"A".repeat(1_000_000)}`));
    expect(large).toBe(small);
    expect(small).toBeGreaterThan(17_200);
    expect(small).toBeLessThan(17_200 + 300);
    expect(await slimInput(slimImage(`data:image/png;base64,${"A".repeat(1_000_000)}`))).toBeLessThan(17_200 + 300);
  });

  it("counts an image's web address as the text that it is", async () => {
    const [short, long] = [
      await slimInput(slimImage("https://a.test/")),
      await slimInput(slimImage(`https://a.test/${"a".repeat(500)}`)),
    ];
    expect(long - short).toBe(500);
  });

  it("counts every image", () => {
    const [none, three] = [boundOf(demandOf()), boundOf(demandOf({ images: 3 }))];
    expect(three.input - none.input).toBe(3 * IMAGE_TOKENS);
  });

  it("is never less than the text that bytes become when they are not UTF-8", async () => {
    // Each such byte is read as U+FFFD, which has three bytes where it is sent on.
    const junk = new Uint8Array(1000).fill(0xff);
    const body = joined('{"input":"', junk, '"}');
    const input = await slimInput(body).catch(() => Infinity);
    expect(input).toBeGreaterThanOrEqual(3 * junk.length);
  });

  it.each([
    [
      "/v1/chat/completions",
      chatInput,
      ['{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:', '"}}]}]}'],
    ],
    ["/chat", slimInput, ['{"input":[{"role":"user","content":[{"type":"image","url":"data:image/', '"}]}]}']],
  ] as const)("at %s is no gift for a data URL whose bytes are not UTF-8", async (_route, inputOf, [before, after]) => {
    const body = joined(before, new Uint8Array(20_000).fill(0xff), after);
    const input = await inputOf(body).catch(() => Infinity);
    expect(input).toBeGreaterThanOrEqual(17_200);
  });

  it.each(["1e20", "-1E+20", "123e18", "0.000001", "1e-6", "5e-324", "1.7976931348623157e308", "1e400"])(
    "is never less than numbers that are sent on in more digits than the caller wrote: %s",
    async (number) => {
      const numbers = Array.from({ length: 1000 }, () => number);
      const parameters = `{"enum":[${numbers.join()}]}`;
      const tool = `{"type":"function","function":{"name":"pick","parameters":${parameters}}}`;
      const body = `{"model":"gpt-6.1-terra","messages":[{"role":"user","content":"Hi"}],"tools":[${tool}]}`;
      expect(await chatInput(body)).toBeGreaterThanOrEqual(writtenBytes(JSON.parse(parameters)));
      const slimTool = `{"input":"Hi","tools":[{"name":"pick","parameters":${parameters}}]}`;
      expect(await slimInput(slimTool)).toBeGreaterThanOrEqual(writtenBytes(JSON.parse(parameters)));
    },
  );

  it.each([
    ["escapes that are sent on as they are", String.raw`\\\"\n\t\u0001\u001f`],
    ["escapes of characters that need none", String.raw`\u0061\u00e9\u4e2d\ud83e\uddab\/`],
    ["halves of surrogate pairs", String.raw`\ud83e\udead\ud83e\ud83e\udc00`],
  ])("is never less than what is sent of a text with %s", async (_what, escaped) => {
    const text = escaped.repeat(500);
    const content = JSON.parse(`"${text}"`) as string;
    const chat = `{"model":"gpt-6.1-terra","messages":[{"role":"user","content":"${text}"}]}`;
    expect(await chatInput(chat)).toBeGreaterThanOrEqual(encoder.encode(content).length);
    expect(await chatInput(chat)).toBeGreaterThanOrEqual(writtenBytes(content));
    expect(await slimInput(`{"input":"${text}"}`)).toBeGreaterThanOrEqual(writtenBytes(content));
  });

  it("is never less than the bytes of any JSON that the provider gets to show", async () => {
    const field = fc.constantFrom("response_format", "tools", "metadata", "user", "stop", "prediction", "verbosity");
    const property = fc.asyncProperty(anyText, field, fc.jsonValue({ maxDepth: 3 }), async (text, name, value) => {
      const tools = [{ type: "function", function: { name: "pick", parameters: value } }];
      const format = { type: "json_schema", json_schema: value };
      const changes = { [name]: name === "tools" ? tools : name === "response_format" ? format : value };
      const body = { model: "gpt-6.1-terra", messages: [{ role: "user", content: text }], ...changes };
      const exchange = await passed(body);
      const { messages, [name]: shown } = JSON.parse(exchange.write(1)) as Record<string, unknown>;
      const least = writtenBytes(messages) + (shown === undefined ? 0 : writtenBytes(shown));
      expect(boundOf(exchange.demand, TERRA).input).toBeGreaterThanOrEqual(least);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it("has room for the instructions that an alias puts before the conversation", async () => {
    const instructions = "堰🦫".repeat(300);
    const model = { ...TERRA_MODEL, fixed: { instructions } };
    const body = { model: "gpt-6.1-terra", messages: [{ role: "user", content: "Hi" }] };
    for (const { demand } of [await passed(body, model), await slim({ input: "Hi" }, model)]) {
      expect(boundOf(demand, TERRA).input).toBeGreaterThanOrEqual(encoder.encode(instructions).length + 2);
    }
  });

  it("does not grow with spaces between the fields, which nobody is shown", async () => {
    const body = { model: "gpt-6.1-terra", messages: [{ role: "user", content: "Hi" }] };
    expect(await chatInput(JSON.stringify(body, null, 10))).toBe(await chatInput(body));
  });

  it("is at most what the model takes", () => {
    expect(boundOf(demandOf({ inputBytes: 4_000_000 })).input).toBe(200_000);
    expect(boundOf(demandOf({ inputBytes: 4_000_000 }), TERRA).input).toBe(922_000);
    expect(boundOf(demandOf({ images: 1000 })).input).toBe(200_000);
  });
});

describe("the output bound", () => {
  it("is the least of what the caller, the plan and the model allow", () => {
    expect(boundOf(demandOf()).output).toBe(2000);
    expect(boundOf(demandOf({ maxOutputTokens: 300 })).output).toBe(300);
    expect(boundOf(demandOf({ maxOutputTokens: 90_000 })).output).toBe(2000);
    expect(toBound(demandOf(), CARD, { max_output_tokens: 500_000 }, 256).output).toBe(100_000);
  });

  it("needs no more than the caller asked for, however short that is", () => {
    expect(boundOf(demandOf())).toMatchObject({ output: 2000, minOutput: 256 });
    expect(boundOf(demandOf({ maxOutputTokens: 10 }))).toMatchObject({ output: 10, minOutput: 10 });
  });

  it("is for each of the answers asked for", () => {
    expect(boundOf(demandOf({ choices: 4 })).choices).toBe(4);
  });
});

const writtenBytes = (value: unknown) => encoder.encode(JSON.stringify(value)).length;

/** A body in raw bytes: text around bytes that are none. */
function joined(before: string, bytes: Uint8Array, after: string): Uint8Array {
  return new Uint8Array([...encoder.encode(before), ...bytes, ...encoder.encode(after)]);
}
