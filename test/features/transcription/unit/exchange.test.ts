// The form for the provider: the caller's parts, with only the changes that metering needs.

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ModelCard } from "../../../../src/core/catalog/card.ts";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Form } from "../../../../src/core/http/multipart.ts";
import { fieldsOf, parseForm } from "../../../../src/core/http/multipart.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { emptyProgress } from "../../../../src/core/relay/answer.ts";
import { transcribe } from "../../../../src/features/transcription/exchange.ts";
import { takeRecording } from "../../../../src/features/transcription/recording.ts";
import type { AudioEndpoint } from "../../../../src/features/transcription/request.ts";
import { readTranscriptionRequest } from "../../../../src/features/transcription/request.ts";
import * as v from "valibot";
import { createWav } from "../support/recordings.ts";

/** Only workerd has it. */
class FixedLengthStreamOfNode extends TransformStream {
  constructor(_length: number) {
    super();
  }
}
beforeAll(() => void vi.stubGlobal("FixedLengthStream", FixedLengthStreamOfNode));
afterAll(() => void vi.unstubAllGlobals());

const BOUNDARY = "weir-boundary";

function modelOf(facts: object): Model {
  const card = v.parse(ModelCard, {
    provider: "house",
    name: "Listener",
    prices: { minute_of_audio: 0.006 },
    modalities: { input: ["audio"], output: ["text"] },
    endpoints: ["transcription", "translation"],
    snapshots: { "listener-1": {} },
    ...facts,
  });
  return {
    requestedName: "listener",
    snapshot: "listener-1",
    id: "listener",
    card,
    requestedCard: card,
    fixed: {},
  } as Model;
}

interface Part {
  name: string;
  value: string | Uint8Array<ArrayBuffer>;
}

/** A form as a client writes it. A part of bytes is the file. */
function writeForm(parts: Part[], filename = "memo.wav"): Uint8Array<ArrayBuffer> {
  const pieces = parts.flatMap(({ name, value }) => [
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"`,
    typeof value === "string" ? "" : `; filename="${filename}"\r\nContent-Type: audio/wav`,
    "\r\n\r\n",
    value,
    "\r\n",
  ]);
  return new Uint8Array(Buffer.concat([...pieces, `--${BOUNDARY}--\r\n`].map((piece) => Buffer.from(piece))));
}

function exchangeOf(form: Form, model: Model, endpoint: AudioEndpoint = "transcription") {
  const request = readTranscriptionRequest(endpoint, fieldsOf(form));
  return transcribe(endpoint, takeRecording(form), request).prepare(model, {} as Catalog);
}

const askOf = (bytes: Uint8Array<ArrayBuffer>, model: Model, endpoint?: AudioEndpoint) =>
  exchangeOf(parseForm(bytes, BOUNDARY), model, endpoint).ask;

/** A body as the parser of the runtime reads it. */
const parse = ({ body, headers }: { body: BodyInit; headers: Record<string, string> }) =>
  new Response(body, { headers }).formData();

/** The texts of a form by name, and the bytes of its file. */
async function readParts(form: FormData) {
  const texts: Record<string, string[]> = {};
  for (const [name, value] of form) if (typeof value === "string") (texts[name] ??= []).push(value);
  const file = form.get("file") as File;
  return { texts, file: { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) } };
}

/** Texts and bytes that contain almost a boundary. */
const text = fc
  .array(fc.constantFrom("\r\n", "--", `\r\n--${BOUNDARY.slice(0, -1)}`, "-", "\r", "\n", "é", "word"), {
    maxLength: 8,
  })
  .map((words) => words.join(""));
const contents = fc
  .array(
    fc.oneof(
      text.map((words) => Buffer.from(words)),
      fc.uint8Array({ maxLength: 20 }),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => Buffer.concat(pieces))
  // A client chooses a boundary that the file does not contain.
  .filter((bytes) => !bytes.includes(BOUNDARY));

const forms = fc
  .record({
    fields: fc.record(
      {
        prompt: text,
        temperature: fc.constantFrom("0", "0.2", "1"),
        response_format: fc.constantFrom("json", "text", "srt", "vtt", "verbose_json"),
        language: fc.constantFrom("de", "en"),
        "keywords[]": fc.array(text, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
    contents,
  })
  .chain(({ fields, contents: data }) => {
    const wav = createWav(0);
    const bytes = new Uint8Array(Buffer.concat([wav, data]));
    new DataView(bytes.buffer).setUint32(4, bytes.length - 8, true);
    new DataView(bytes.buffer).setUint32(40, data.length, true);
    const texts = Object.entries(fields).flatMap(([name, value]) =>
      [value ?? []].flat().map((each) => ({ name, value: each })),
    );
    const parts: Part[] = [...texts, { name: "model", value: "listener" }, { name: "file", value: bytes }];
    return fc.record({
      parts: fc.shuffledSubarray(parts, { minLength: parts.length }),
      fields: fc.constant(fields),
      bytes: fc.constant(bytes),
    });
  });

it("A standard parser reads the caller's form, with another model and format", () =>
  fc.assert(
    fc.asyncProperty(forms, async ({ parts, bytes }) => {
      const sent = writeForm(parts);
      const ask = askOf(sent, modelOf({}));
      const type = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
      const before = await readParts(await new Response(sent, { headers: type }).formData());
      // A retry writes the same form again.
      for (let attempt = 0; attempt < 2; attempt++) {
        const { texts, file } = await readParts(await parse(ask.write({ maxOutputTokens: 0 })));
        expect(texts).toEqual({ ...before.texts, model: ["listener-1"], response_format: ["verbose_json"] });
        expect(file).toEqual({ name: "memo.wav", bytes });
      }
    }),
    { numRuns: 200 },
  ));

const PARTS: Part[] = [
  { name: "file", value: createWav(2.5) },
  { name: "model", value: "listener" },
];

describe("a form", () => {
  it.each([
    ["blob", "audio.wav"],
    ["memo.wave", "audio.wav"],
    ["memo", "audio.wav"],
    ["MEMO.WAV", "MEMO.WAV"],
  ])("with a file called %s is sent with one called %s", async (filename, expected) => {
    const ask = askOf(writeForm(PARTS, filename), modelOf({}));
    const { texts, file } = await readParts(await parse(ask.write({ maxOutputTokens: 0 })));
    expect(file).toEqual({ name: expected, bytes: createWav(2.5) });
    expect(texts).toEqual({ model: ["listener-1"], response_format: ["verbose_json"] });
  });

  it("asks for a stream, and for JSON where there are no timestamps", async () => {
    const refuses = { transcription: ["timestamp_granularities", "language"] };
    const model = modelOf({ features: ["streaming"], refuses });
    const parts = [...PARTS, { name: "stream", value: "True" }, { name: "language", value: "de" }];
    const { texts } = await readParts(await parse(askOf(writeForm(parts), model).write({ maxOutputTokens: 0 })));
    expect(texts).toEqual({
      model: ["listener-1"],
      response_format: ["json"],
      stream: ["true"],
      "languages[]": ["de"],
    });
  });
});

const boundOf = (facts: object, parts = PARTS) => {
  const model = modelOf(facts);
  return toBound(askOf(writeForm(parts), model).demand, model.card, { max_output_tokens: 100 }, 16);
};

it("a stream that has started no longer holds the recording", () => {
  const form = parseForm(writeForm([...PARTS, { name: "stream", value: "true" }]), BOUNDARY);
  const { reply } = exchangeOf(form, modelOf({ features: ["streaming"] }));
  if (reply.kind !== "stream") throw new Error("it is no stream");
  const codec = reply.events(emptyProgress());
  codec.push({ raw: "data: {}\n\n", pieces: [], json: {} });
  expect(form.bytes.length).toBeGreaterThan(20_000);
  codec.take();
  expect(form.bytes).toHaveLength(0);
});

it("a fallback that cannot stream is no candidate for a stream", () => {
  const form = writeForm([...PARTS, { name: "stream", value: "true" }]);
  const model = modelOf({});
  const streaming = { kind: "feature", feature: "streaming", param: "stream" };
  expect(askOf(form, model).needs).not.toContainEqual(streaming);
  expect(askOf(form, { ...model, requestedCard: { ...model.card } }).needs).toContainEqual(streaming);
});

describe("the bound", () => {
  const TEMPLATE = 16;

  it("of a price by time is the length in whole seconds and one more, without output", () => {
    expect(boundOf({})).toMatchObject({ output: 0, inputNanoUsd: 4 * 100_000 });
  });

  it("of a card without prices is nothing, and needs no facts", () => {
    expect(boundOf({ prices: undefined })).toMatchObject({ inputNanoUsd: 0, output: 0 });
    expect(askOf(writeForm(PARTS), modelOf({ prices: undefined })).refusal).toBeUndefined();
  });

  it("of a price by tokens covers the audio, the texts and the whole output", () => {
    const prices = { input: 2.5, output: 10, audio: { input: 6 } };
    const facts = { prices, audio_tokens_per_second: 10, max_output_tokens: 2000 };
    const parts = [...PARTS, { name: "prompt", value: "weir" }, { name: "keywords[]", value: "river" }];
    const input = 25 + "weir\nriver".length + TEMPLATE;
    expect(boundOf(facts, parts)).toMatchObject({ input, output: 2000, minOutput: 2000, inputNanoUsd: input * 6000 });
  });
});

it.each([
  ["before the model", "2027-03-01", "Fri, 26 Feb 2027 00:00:00 GMT"],
  ["with the model", "2027-02-26", undefined],
  ["without an end of the model", undefined, undefined],
])("a translation whose route ends %s has the right header sunset", (_, shutdown_date, sunset) => {
  const model = modelOf({ snapshots: { "listener-1": shutdown_date ? { shutdown_date } : {} } });
  expect(askOf(writeForm(PARTS), model, "translation").changes?.["sunset"]).toBe(sunset);
  expect(askOf(writeForm(PARTS), model).changes).toBeUndefined();
});
