// Who tries a revision: as many users as the percentage says, the same ones while it grows, others in another trial.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInCanary } from "../../../../src/core/catalog/canary.ts";

const USERS = 100_000;
const CHUNK = 5000;
const userOf = (index: number) => ({ issuer: "weir", subject: `user-${index}` });

/** How many of the users are in a trial. */
async function countOf(trial: { percent: number; salt: string }): Promise<number> {
  let count = 0;
  for (let first = 0; first < USERS; first += CHUNK) {
    const chunk = Array.from({ length: CHUNK }, (_, index) => isInCanary(trial, userOf(first + index)));
    count += (await Promise.all(chunk)).filter(Boolean).length;
  }
  return count;
}

const anyUser = fc.record({ issuer: fc.string(), subject: fc.string() });
const percentages = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.double({ min: 0, max: 100, noNaN: true }));

describe("the share of the users in a canary", () => {
  it.each([
    [0.5, "first"],
    [1, "second"],
    [10, "first"],
    [33.3, "third"],
    [50, "first"],
    [90, "second"],
  ])(
    "is %d percent of 100,000 users with the salt '%s'",
    async (percent, salt) => {
      const share = ((await countOf({ percent, salt })) / USERS) * 100;
      expect(Math.abs(share - percent)).toBeLessThan(1);
      // Four standard deviations of a fair draw, which is less than that for a small percentage.
      expect(Math.abs(share - percent)).toBeLessThan(4 * Math.sqrt((percent * (100 - percent)) / USERS));
    },
    30_000,
  );

  it("is nobody at 0 percent, and everybody at 100", async () => {
    const property = fc.asyncProperty(fc.string(), anyUser, async (salt, user) => {
      expect(await isInCanary({ percent: 0, salt }, user)).toBe(false);
      expect(await isInCanary({ percent: 100, salt }, user)).toBe(true);
    });
    await fc.assert(property, { numRuns: 1000 });
  });
});

describe("a user in a canary", () => {
  it("stays in it while the percentage only grows", async () => {
    const growing = fc
      .array(percentages, { minLength: 2, maxLength: 8 })
      .map((all) => all.toSorted((one, other) => one - other));
    const property = fc.asyncProperty(growing, fc.string(), anyUser, async (steps, salt, user) => {
      const memberships = await Promise.all(steps.map((percent) => isInCanary({ percent, salt }, user)));
      const flips = memberships.filter((inside, index) => index > 0 && inside !== memberships[index - 1]);
      expect(flips.length === 0 || (flips.length === 1 && flips[0])).toBe(true);
    });
    await fc.assert(property, { numRuns: 1000 });
  });

  it("is another one in a trial with another salt", async () => {
    const users = Array.from({ length: 2000 }, (_, index) => userOf(index));
    const insideOf = (salt: string) => Promise.all(users.map((user) => isInCanary({ percent: 50, salt }, user)));
    const [first, second] = [await insideOf("first"), await insideOf("second")];
    const same = first.filter((inside, index) => inside === second[index]).length;
    expect(Math.abs(same - users.length / 2)).toBeLessThan(200);
  });

  it("is told apart from who has the same name at another issuer", async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `user-${index}`);
    const insideOf = (issuer: string) =>
      Promise.all(names.map((subject) => isInCanary({ percent: 50, salt: "first" }, { issuer, subject })));
    const [house, others] = [await insideOf("house"), await insideOf("others")];
    const same = house.filter((inside, index) => inside === others[index]).length;
    expect(Math.abs(same - names.length / 2)).toBeLessThan(200);
  });
});
