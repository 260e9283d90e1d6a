// Bounded reading of a body: in one piece or many, cut at the limit, cancelled by a signal.

import { describe, expect, it } from "vitest";
import { readAtMost } from "../../../../src/core/http/read-at-most.ts";

/** A body of that many pieces of 1000 bytes, and what happened to it. */
function createBody(pieces: number) {
  const seen = { sent: 0, cancelled: false };
  const body = new ReadableStream(
    {
      type: "bytes",
      pull(controller) {
        if (seen.sent === pieces) return close(controller);
        controller.enqueue(new Uint8Array(1000).fill(seen.sent));
        seen.sent += 1;
      },
      cancel: () => void (seen.cancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

function close(controller: ReadableByteStreamController): void {
  controller.close();
  controller.byobRequest?.respond(0);
}

function refuse(): never {
  throw new Error("no memory");
}

describe("a body", () => {
  it.each([0, 1, 1000, 999_999])("of %i bytes is read as a whole", async (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251);
    const read = await readAtMost(new Response(bytes).body, 1_000_000);
    expect(read.isWhole).toBe(true);
    expect(Buffer.from(read.bytes).equals(Buffer.from(bytes))).toBe(true);
  });

  it("of exactly the limit is whole", async () => {
    const { body, seen } = createBody(3);
    expect(await readAtMost(body, 3000)).toMatchObject({ isWhole: true, bytes: { length: 3000 } });
    expect(seen.cancelled).toBe(false);
  });

  it("that is longer is cut at the limit, and the rest is never asked for", async () => {
    const { body, seen } = createBody(Infinity);
    const read = await readAtMost(body, 2500);
    expect(read.isWhole).toBe(false);
    expect([read.bytes.length, read.bytes[2499]]).toEqual([2500, 2]);
    expect(seen).toEqual({ sent: 3, cancelled: true });
  });

  it("that does not end in time is cancelled", async () => {
    const seen = { cancelled: false };
    const body = new ReadableStream({ type: "bytes", cancel: () => void (seen.cancelled = true) });
    const timeout = { ms: 5, error: () => new Error("too slow") };
    await expect(readAtMost(body, 1000, { timeout })).rejects.toThrow("too slow");
    expect(seen.cancelled).toBe(true);
  });

  it("of the declared size is whole without another read", async () => {
    const { body, seen } = createBody(Infinity);
    const read = await readAtMost(body, 1_000_000, { expectedBytes: 20_000 });
    expect(read).toMatchObject({ isWhole: true, bytes: { length: 20_000 } });
    expect(seen.sent).toBe(20);
  });

  it("that ends before the declared size is whole", async () => {
    const { body } = createBody(2);
    expect(await readAtMost(body, 1_000_000, { expectedBytes: 20_000 })).toMatchObject({
      isWhole: true,
      bytes: { length: 2000 },
    });
  });

  it("that is refused while it arrives is cancelled", async () => {
    const { body, seen } = createBody(Infinity);
    await expect(readAtMost(body, 1_000_000, { onGrowth: refuse })).rejects.toThrow("no memory");
    expect(seen.cancelled).toBe(true);
  });

  it("that is refused while it arrives is read to its end first, so that its sender reads the answer", async () => {
    const { body, seen } = createBody(100);
    await expect(readAtMost(body, 1_000_000, { onGrowth: refuse })).rejects.toThrow("no memory");
    expect(seen.sent).toBe(100);
  });

  it("counts the growth of its buffer, which is at most twice the bytes that arrived", async () => {
    const { body, seen } = createBody(Infinity);
    let size = 16_384;
    const onGrowth = (bytes: number) => {
      size += bytes;
      expect(size).toBeLessThanOrEqual(2 * seen.sent * 1000);
    };
    await readAtMost(body, 1_000_000, { onGrowth });
    expect(size).toBe(1_000_001);
  });

  it("that breaks rejects", async () => {
    const body = new ReadableStream({ type: "bytes", pull: (controller) => controller.error(new Error("broken")) });
    await expect(readAtMost(body, 1000)).rejects.toThrow("broken");
  });
});
