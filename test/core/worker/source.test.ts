// The source in the real runtime: batches lose, reorder and repeat no byte.

import { describe, expect, it } from "vitest";
import { concatBytes } from "../../../src/core/relay/byte-buffers.ts";
import type { Source } from "../../../src/core/relay/source.ts";
import { BULK_BYTES, createSource } from "../../../src/core/relay/source.ts";

const ALL = new Uint8Array(200_000).map((_, at) => at % 251);

const createBody = () => new Response(ALL).body as ReadableStream<Uint8Array>;

/** The `toEqual` of Vitest takes half a second for so many bytes. */
const isAll = (bytes: Uint8Array) => bytes.length === ALL.length && bytes.every((byte, at) => byte === ALL[at]);

/** Reads to the end and switches to batches after `singles` reads. */
async function readAll(source: Source, singles: number) {
  const pieces: Uint8Array[] = [];
  for (;;) {
    if (pieces.length === singles) source.batch();
    const bytes = await source.read();
    if (!bytes) return { bytes: concatBytes(pieces), reads: pieces.length };
    pieces.push(bytes.slice());
  }
}

/** A body whose connection is lost after two chunks. */
function lostBody() {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const write = async () => {
    await writer.write(ALL.subarray(0, 300));
    await writer.write(ALL.subarray(300, 600));
    await writer.abort(new Error("connection reset"));
  };
  write().catch(() => undefined);
  return readable;
}

describe("a source", () => {
  it("returns each byte once, in fewer reads the earlier it switches to batches", async () => {
    const reads = [];
    for (const singles of [Infinity, 40, 5, 1, 0]) {
      const all = await readAll(createSource(createBody()), singles);
      expect(isAll(all.bytes)).toBe(true);
      reads.push(all.reads);
    }
    expect(reads).toEqual(reads.toSorted((one, other) => other - one));
    expect(reads[0]).toBeGreaterThan(2 * (reads.at(-1) ?? Infinity));
  });

  it("with a larger buffer needs few reads for an answer of megabytes", async () => {
    const small = await readAll(createSource(createBody()), Infinity);
    const large = await readAll(createSource(createBody(), BULK_BYTES), Infinity);
    expect(isAll(large.bytes)).toBe(true);
    expect(large.reads).toBeLessThan(small.reads / 5);
  });

  it.each([1, Infinity])("fails when the connection is lost, with batches from read %d on", async (singles) => {
    await expect(readAll(createSource(lostBody()), singles)).rejects.toThrow("connection reset");
  });
});
