// The secrets of a run: they differ for every user and key, and only the key decrypts a run's content.

import { beforeAll, describe, expect, it } from "vitest";
import type { Seal } from "../../../../src/features/runs/seal.ts";
import { createSeal } from "../../../../src/features/runs/seal.ts";
import { fromUtf8 } from "../../../support/chat-chunks.ts";

const TEXT = "A weir holds water back.";
const PLAIN = new Uint8Array(Buffer.from(TEXT));

const leaseKeysOf = (each: Seal) => [
  each.leaseKey("print", 0),
  each.leaseKey("print", 1),
  each.leaseKey("print", 10),
  each.leaseKey("other", 1),
];

let seal: Seal;
/** Seals of which one thing differs. */
let others: Seal[];
beforeAll(async () => {
  seal = await createSeal("pepper", "user-1", "key-1");
  others = await Promise.all([
    createSeal("pepper", "user-1", "key-2"),
    createSeal("pepper", "user-2", "key-1"),
    createSeal("salt", "user-1", "key-1"),
    createSeal("pepper", "user-1key-1", ""),
  ]);
});

describe("the id and the keys of reservations", () => {
  it("are the same for the same user and key, and tell nothing about them", async () => {
    const again = await createSeal("pepper", "user-1", "key-1");
    expect([again.id, await again.leaseKey("print", 3)]).toEqual([seal.id, await seal.leaseKey("print", 3)]);
    expect(seal.id).toMatch(/^[\w-]{43}$/);
  });

  it("differ for each user, key, pepper, request and attempt", async () => {
    const all = [seal, ...others];
    const keys = await Promise.all(all.flatMap(leaseKeysOf));
    expect(new Set([...all.map(({ id }) => id), ...keys]).size).toBe(5 * all.length);
  });
});

describe("encrypted content", () => {
  it("is read with the same key, is different at every write, and does not contain the text", async () => {
    const [one, other] = [await seal.encrypt(2, PLAIN), await seal.encrypt(2, PLAIN)];
    const again = await createSeal("pepper", "user-1", "key-1");
    expect(fromUtf8(await again.decrypt(2, one))).toBe(TEXT);
    expect(Buffer.compare(one, other)).not.toBe(0);
    expect(one.slice(0, 12)).not.toEqual(other.slice(0, 12));
    expect(Buffer.from(one).includes("weir")).toBe(false);
  });

  it("cannot be read with another key, by another user, or with another pepper", async () => {
    const sealed = await seal.encrypt(0, PLAIN);
    for (const other of others) await expect(other.decrypt(0, sealed)).rejects.toThrow();
  });

  it("cannot be read as another part, changed in one bit, or shortened", async () => {
    const sealed = await seal.encrypt(0, PLAIN);
    await expect(seal.decrypt(1, sealed)).rejects.toThrow();
    for (const at of [0, 12, sealed.length - 1]) {
      const damaged = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
      await expect(seal.decrypt(0, damaged)).rejects.toThrow();
    }
    for (const length of [0, 5, 12, sealed.length - 1]) {
      await expect(seal.decrypt(0, sealed.slice(0, length))).rejects.toThrow();
    }
  });
});
