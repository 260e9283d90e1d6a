// The name of a user's quota object: stable, unique for issuer and subject, and unreadable.

import "../../support/encoded-bytes.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quotaName } from "../../../../src/core/quota/name.ts";

const PEPPER = "test-pepper";
const nameOf = (issuer: string, subject: string, pepper = PEPPER) => quotaName({ issuer, subject }, pepper);

describe("a name", () => {
  it("stays the same for ever, or every user would begin anew", async () => {
    // HMAC-SHA-256 of "weir\0alice" under "test-pepper", as openssl has it.
    expect(await nameOf("weir", "alice")).toBe("q1:y297ghdtHg8swQRz-OaKXRmwjjudpHwSQBYuHY6Txl8");
    expect(await nameOf("weir", "alice")).toBe(await nameOf("weir", "alice"));
  });

  it("is short, safe in any URL or log, and of one shape", async () => {
    expect(await nameOf("https://issuer.test/", "🦫 müller|42")).toMatch(/^q1:[\w-]{43}$/);
  });

  it("follows the pepper, even when peppers take turns", async () => {
    const names = [await nameOf("weir", "alice", "one"), await nameOf("weir", "alice", "two")];
    expect(names[0]).not.toBe(names[1]);
    expect([await nameOf("weir", "alice", "one"), await nameOf("weir", "alice", "two")]).toEqual(names);
  });

  it("belongs to one pair of issuer and subject, and holds neither", async () => {
    const issuers = fc.string({ minLength: 1, maxLength: 6 });
    const subjects = fc.string({ unit: fc.constantFrom("\0", "a", "b", "é", "🦫"), maxLength: 6 });
    const users: fc.Arbitrary<[string, string]> = fc.tuple(issuers, subjects);
    const property = fc.asyncProperty(users, users, async (one, other) => {
      const [name, otherName] = [await nameOf(...one), await nameOf(...other)];
      expect(name === otherName).toBe(one[0] === other[0] && one[1] === other[1]);
    });
    await fc.assert(property, { numRuns: 300 });
    expect(await nameOf("weir", "alice-of-the-hill")).not.toContain("alice");
  });
});
