// The codec for bytes: usage from the end of an answer, however it is cut.

import { describe, expect, it } from "vitest";
import { createBytesCodec } from "../../../../src/core/relay/bytes-codec.ts";

const USAGE = { input: 5, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 };
const usageIn = (tail: string) => (tail.endsWith('"usage":5}') ? USAGE : undefined);

describe("an answer in bytes", () => {
  it.each([1, 7, 4095, 4096, 4097, 20_000])("has its usage at its end, in pieces of %i bytes", (size) => {
    const bytes = new TextEncoder().encode(`{"data":"${"x".repeat(20_000)}","usage":5}`);
    const codec = createBytesCodec(usageIn);
    for (let from = 0; from < bytes.length; from += size) codec.push(bytes.slice(from, from + size));
    codec.finish();
    expect(codec.progress).toMatchObject({ heard: true, finish: "stop", usage: USAGE });
  });

  it("without usage at its end has none", () => {
    const codec = createBytesCodec(usageIn);
    codec.push(new TextEncoder().encode("sound"));
    codec.finish();
    expect(codec.progress.usage).toBeUndefined();
  });

  it("copies bytes from a buffer that is reused", () => {
    const codec = createBytesCodec(usageIn);
    const buffer = new TextEncoder().encode('"usage":5}');
    codec.push(buffer);
    buffer.fill(0);
    codec.finish();
    expect(codec.progress.usage).toEqual(USAGE);
  });

  it("leaves as it came, though the buffer is used again", () => {
    const codec = createBytesCodec(usageIn);
    const buffer = new Uint8Array([1, 2, 3]);
    codec.push(buffer);
    buffer.fill(9);
    codec.push(buffer);
    expect([...codec.take()]).toEqual([1, 2, 3, 9, 9, 9]);
    expect(codec.take()).toHaveLength(0);
  });

  it("has no error event, so its connection is cut", () => {
    const error = { message: "No.", type: "server_error", param: null, code: null };
    expect(createBytesCodec(usageIn).fail(error)).toBeUndefined();
  });
});
