// The codec of streamed images: events of any size pass unchanged, and only their ends are read.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Codec } from "../../../../src/core/relay/codec.ts";
import { createImageEvents } from "../../../../src/features/images/image-events.ts";
import { imageUsageIn } from "../../../../src/features/images/usage.ts";
import { arbitraryCuts, cutAt, everyCutInTwo } from "../../../support/stream-cuts.ts";

const USAGE =
  '"usage":{"total_tokens":203,"input_tokens":7,"output_tokens":196,' +
  '"input_tokens_details":{"text_tokens":7,"image_tokens":0},"output_tokens_details":{"image_tokens":196,"text_tokens":0}}';
const CHARGED = { input: 7, output: 196, image: { input: 0, cached: 0, output: 196 } };
const ERROR = { message: "Please try again.", type: "server_error", param: null, code: null };

const eventOf = (type: string, length: number, rest = "") =>
  `event: ${type}\ndata: {"type":"${type}","b64_json":"${"A".repeat(length)}"${rest}}\n\n`;
const partial = (length: number) => eventOf("image_generation.partial_image", length, ',"partial_image_index":0');
const completed = (length: number) => eventOf("image_generation.completed", length, `,${USAGE}`);
const FAILED = 'event: error\ndata: {"type":"error","error":{"message":"The organization org-1 is out of money."}}\n\n';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const createCodec = () => createImageEvents((text) => imageUsageIn(text, false));

/** Passes pieces through a codec, whose input buffers are overwritten, and returns what the caller gets. */
function passThrough(codec: Codec, pieces: Uint8Array[]): string {
  const taken = pieces.map((piece) => {
    codec.push(piece);
    piece.fill(0);
    return codec.take();
  });
  codec.finish();
  return Buffer.concat([...taken, codec.take()]).toString();
}

describe("a complete stream", () => {
  const short = `:\n\n${partial(4)}${completed(4)}`;
  const long = `${partial(9000)}${partial(8192)}${completed(20_000)}`;

  it.each([
    ["short events", short],
    ["short events with CRLF", short.replaceAll("\n", "\r\n")],
    ["no event lines", short.replaceAll(/event: .*\n/g, "")],
  ])("of %s passes unchanged however it is cut, with its usage", (_, text) => {
    for (const pieces of everyCutInTwo(bytesOf(text))) {
      const codec = createCodec();
      expect(passThrough(codec, pieces)).toBe(text);
      expect(codec.progress).toMatchObject({ heard: true, ended: true, finish: "stop", usage: CHARGED });
    }
  });

  it("of long events passes unchanged however it is cut, with its usage", () => {
    const bytes = bytesOf(long);
    fc.assert(
      fc.property(arbitraryCuts(bytes), (positions) => {
        const codec = createCodec();
        expect(passThrough(codec, cutAt(bytes, positions))).toBe(long);
        expect(codec.progress).toMatchObject({ ended: true, finish: "stop", usage: CHARGED });
      }),
    );
  });

  it.each([
    [
      "before a long image",
      `event: x\ndata: {${USAGE},"type":"image_edit.completed","b64_json":"${"A".repeat(9000)}"}\n\n`,
    ],
    ["after a type at the end", `data: {"b64_json":"${"A".repeat(9000)}","type":"image_edit.completed",${USAGE}}\n\n`],
    ["without a blank line after it", completed(4).trimEnd()],
    ["without a blank line after a long image", completed(20_000).trimEnd()],
  ])("has its usage %s", (_, text) => {
    const codec = createCodec();
    expect(passThrough(codec, [bytesOf(text)])).toBe(text);
    expect(codec.progress).toMatchObject({ ended: true, usage: CHARGED });
  });

  it("without usage has none", () => {
    const codec = createCodec();
    passThrough(codec, [bytesOf(eventOf("image_generation.completed", 9000))]);
    expect(codec.progress).toMatchObject({ ended: true, finish: "stop" });
    expect(codec.progress.usage).toBeUndefined();
  });

  it("of 25 MB keeps at most 8 KiB", () => {
    const codec = createCodec();
    const chunk = bytesOf("A".repeat(4096));
    codec.push(bytesOf('data: {"type":"image_generation.completed","b64_json":"'));
    let passed = codec.take().length;
    let pushed = 0;
    for (; pushed < 25_000_000; pushed += chunk.length) {
      codec.push(chunk);
      passed += codec.take().length;
      expect(pushed - passed).toBeLessThanOrEqual(8192);
    }
    codec.push(bytesOf(`",${USAGE}}\n\n`));
    codec.finish();
    expect(passed + codec.take().length).toBeGreaterThan(pushed);
    expect(codec.progress.usage).toMatchObject(CHARGED);
  });
});

describe("an error event", () => {
  it("at the beginning is known before anything is relayed, and is not shown", () => {
    for (const pieces of everyCutInTwo(bytesOf(`:\n\n${FAILED}`))) {
      const codec = createCodec();
      expect(passThrough(codec, pieces).trim()).toMatch(/^:?$/);
      expect(codec.progress).toMatchObject({ heard: true, outputBytes: 0, error: { code: null } });
    }
  });

  it.each([
    ["short", partial(4)],
    ["long", partial(20_000)],
  ])("after a %s image is replaced by Weir's own", (_, image) => {
    const codec = createCodec();
    expect(passThrough(codec, [bytesOf(image + FAILED)])).toBe(image);
    expect(codec.progress).toMatchObject({ error: { code: null }, ended: true });
    expect(codec.progress.outputBytes).toBeGreaterThan(0);
    expect(new TextDecoder().decode(codec.fail(ERROR))).toBe(
      `event: error\ndata: ${JSON.stringify({ type: "error", error: ERROR })}\n\n`,
    );
  });

  it("can have usage", () => {
    const codec = createCodec();
    passThrough(codec, [bytesOf(partial(4) + FAILED.replace('"error":{', `${USAGE},"error":{`))]);
    expect(codec.progress.usage).toMatchObject(CHARGED);
  });
});

describe("a stream that ends early", () => {
  it.each([
    ["inside a long event", partial(4) + completed(20_000).slice(0, 15_000), 12_000],
    ["inside a short event", partial(4) + completed(4).slice(0, 100), 150],
    ["inside the usage", completed(20_000).slice(0, -30), 20_000],
  ])("%s is cut, because no event can follow", (_, text, least) => {
    const codec = createCodec();
    expect(passThrough(codec, [bytesOf(text)]).length).toBeGreaterThan(least);
    expect(codec.progress).toMatchObject({ ended: false });
    expect(codec.fail(ERROR)).toBeUndefined();
  });

  it.each([
    ["between events", partial(4)],
    ["after a long event", partial(20_000)],
    ["before an event shows what it is", partial(4) + completed(4).slice(0, 50)],
  ])("%s gets Weir's error event", (_, text) => {
    const codec = createCodec();
    expect(passThrough(codec, [bytesOf(text)])).toMatch(/\n\n$/);
    expect(codec.progress.ended).toBe(false);
    expect(codec.fail(ERROR)).toBeDefined();
  });
});

describe("usage", () => {
  it.each([
    ["of an older model, without details", '"usage":{"input_tokens":10,"output_tokens":20}', false, [0, 20]],
    ["of an edit without details", '"usage":{"input_tokens":10,"output_tokens":20}', true, [10, 20]],
    [
      "of an edit with empty details",
      '"usage":{"input_tokens":10,"output_tokens":20,"input_tokens_details":{}}',
      true,
      [10, 20],
    ],
    [
      "with details of text",
      '"usage":{"input_tokens":10,"output_tokens":20,"output_tokens_details":{"text_tokens":0}}',
      false,
      [0, 20],
    ],
    [
      "with details",
      '"usage": {"input_tokens":10,"output_tokens":20,"input_tokens_details":{"image_tokens":4}}',
      true,
      [4, 20],
    ],
  ])("%s counts images", (_, text, readsImages, [input, output]) => {
    expect(imageUsageIn(`"data":[],${text}}`, readsImages)).toMatchObject({
      input: 10,
      output: 20,
      image: { input, output },
    });
  });

  it.each(['"usage":null}', "", '"svg_usage":{"input_tokens":1,"output_tokens":1}', '"usage":{"input_tokens":"many"}'])(
    "is not in %s",
    (text) => expect(imageUsageIn(text, false)).toBeUndefined(),
  );
});
