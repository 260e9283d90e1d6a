// uses: slim-chat
// The stored content of a run: parts that are written once, and a rest; read back exactly, or not at all.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createContentPacker, readContent } from "../../../../src/features/runs/content.ts";
import type { RunEvent } from "../../../../src/features/runs/log.ts";
import { createLog } from "../../../../src/features/runs/log.ts";
import { createSeal } from "../../../../src/features/runs/seal.ts";
import { arbitraryEvents, DONE, textEvent } from "../support/run-logs.ts";

const PART_BYTES = 262_144;
const seal = await createSeal("pepper", "user-1", "key-1");

/** Stored content, as the flushes leave it. */
function createStored() {
  const log = createLog();
  const packer = createContentPacker(log, seal);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let rest = new Uint8Array();
  return {
    parts,
    /** Appends events and stores them. Returns the numbers of the parts that were written. */
    async flush(...events: RunEvent[]) {
      for (const event of events) log.append(event);
      const packed = await packer.pack();
      ({ rest } = packed);
      packer.confirm();
      for (const [part, bytes] of packed.newParts) {
        // A full part is written once, and the next one follows it.
        expect(part).toBe(parts.length);
        parts.push(bytes);
      }
      expect(packed.parts).toBe(parts.length);
      return packed.newParts.map(([part]) => part);
    },
    all: () => [...parts, rest],
    log,
    packer,
    events: log.events,
  };
}

const large = (letter: string) => textEvent(letter.repeat(100_000));

it("any log is read back exactly after every flush", async () => {
  const grown = arbitraryEvents.map((events) => events.concat(textEvent("🌊é".repeat(20_000))));
  const property = fc.asyncProperty(fc.array(grown, { minLength: 1, maxLength: 6 }), async (flushes) => {
    const stored = createStored();
    for (const events of flushes) {
      await stored.flush(...events);
      expect(await readContent(stored.all(), seal)).toEqual(stored.events);
    }
    for (const part of stored.parts) expect(part.length).toBe(PART_BYTES + 12 + 16);
  });
  await fc.assert(property, { numRuns: 15 });
});

describe("content", () => {
  it("is written in parts of 256 KiB, and only what follows them again", async () => {
    const stored = createStored();
    expect(await stored.flush()).toEqual([]);
    expect(await readContent(stored.all(), seal)).toEqual([]);
    expect(await stored.flush(large("a"), large("b"))).toEqual([]);
    expect(await stored.flush(large("c"))).toEqual([0]);
    expect(await stored.flush(large("d"))).toEqual([]);
    expect(await stored.flush(...["e", "f", "g", "h", "i"].map(large), DONE)).toEqual([1, 2]);
    expect(stored.all().at(-1)?.length).toBeLessThan(PART_BYTES);
    expect(await readContent(stored.all(), seal)).toEqual(stored.events);
  });

  it("is complete after writes that failed: a full part is written again until it is stored", async () => {
    const stored = createStored();
    await stored.flush(...["a", "b", "c"].map(large));
    expect(await stored.flush(large("d"))).toEqual([]);
    stored.log.append(large("e"));
    stored.log.append(large("f"));
    for (let failed = 0; failed < 2; failed++) await stored.packer.pack();
    expect(await stored.flush(DONE)).toEqual([1]);
    expect(await readContent(stored.all(), seal)).toEqual(stored.events);
  });

  it("is lost as a whole when a part is missing, damaged, doubled or in another place", async () => {
    const stored = createStored();
    await stored.flush(...["a", "b", "c", "d", "e", "f"].map(large), DONE);
    const [one, two, rest] = stored.all();
    if (!one || !two || !rest) throw new Error("too few parts");
    const damaged = two.map((byte, index) => (index === 99_999 ? byte ^ 128 : byte));
    for (const sealed of [
      [one, rest],
      [two, one, rest],
      [one, damaged, rest],
      [one, one, two, rest],
      [two, rest],
    ]) {
      expect(await readContent(sealed, seal)).toBeUndefined();
    }
    const other = await createSeal("pepper", "user-1", "key-2");
    expect(await readContent(stored.all(), other)).toBeUndefined();
  });
});
