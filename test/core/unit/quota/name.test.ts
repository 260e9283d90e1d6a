// The name of a user's quota object: stable, unique for issuer and subject, and unreadable.

import * as fc from "fast-check";
import { expect, it } from "vitest";
import { quotaName } from "../../../../src/core/quota/name.ts";

const nameOf = (issuer: string, subject: string, pepper = "test-pepper") => quotaName({ issuer, subject }, pepper);

it("a name never changes, or every user would start again", async () => {
  // HMAC-SHA-256 of "weir\0alice" under "test-pepper", calculated with openssl.
  expect(await nameOf("weir", "alice")).toBe("q1:y297ghdtHg8swQRz-OaKXRmwjjudpHwSQBYuHY6Txl8");
  expect(await nameOf("https://issuer.test/", "🦫 müller|42")).toMatch(/^q1:[\w-]{43}$/);
});

it("a name depends on the pepper, also when two peppers alternate for one user", async () => {
  const user = { issuer: "weir", subject: "alice" };
  const names = [];
  for (const pepper of ["one", "two", "one", "two"]) names.push(await quotaName(user, pepper));
  expect(names.slice(2)).toEqual(names.slice(0, 2));
  expect(names[0]).not.toBe(names[1]);
});

it("each pair of issuer and subject has its own name", async () => {
  const issuers = fc.string({ minLength: 1, maxLength: 6 });
  const subjects = fc.string({ unit: fc.constantFrom("\0", "a", "b", "é", "🦫"), maxLength: 6 });
  const users: fc.Arbitrary<[string, string]> = fc.tuple(issuers, subjects);
  const property = fc.asyncProperty(users, users, async (one, other) => {
    const isSame = one[0] === other[0] && one[1] === other[1];
    expect((await nameOf(...one)) === (await nameOf(...other))).toBe(isSame);
  });
  await fc.assert(property, { numRuns: 300 });
});
