// Canary membership: the share that the percentage names, sticky while it grows, drawn anew for another salt.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInCanary } from "../../../../src/core/catalog/canary.ts";

const USERS = 4000;

/** For each user whether it is in the trial. */
const membersOf = (percent: number, salt: string, issuer = "weir") =>
  Promise.all(
    Array.from({ length: USERS }, (_, index) => isInCanary({ percent, salt }, { issuer, subject: `user-${index}` })),
  );
const anyUser = fc.record({ issuer: fc.string(), subject: fc.string() });

describe("the share of users in a canary", () => {
  it.each([0.5, 10, 90])("is about %d percent", async (percent) => {
    const share = ((await membersOf(percent, "first")).filter(Boolean).length / USERS) * 100;
    // Four standard deviations of a fair draw.
    expect(Math.abs(share - percent)).toBeLessThan(4 * Math.sqrt((percent * (100 - percent)) / USERS));
  });

  it("is nobody at 0 percent, and everybody at 100", async () => {
    const property = fc.asyncProperty(fc.string(), anyUser, async (salt, user) => {
      expect(await isInCanary({ percent: 0, salt }, user)).toBe(false);
      expect(await isInCanary({ percent: 100, salt }, user)).toBe(true);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});

describe("a user in a canary", () => {
  it("stays in it while the percentage grows", async () => {
    const percentages = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 2, maxLength: 8 });
    const property = fc.asyncProperty(percentages, anyUser, async (steps, user) => {
      const growing = steps.toSorted((one, other) => one - other);
      const inside = await Promise.all(growing.map((percent) => isInCanary({ percent, salt: "first" }, user)));
      expect(inside).toEqual(inside.toSorted((one, other) => Number(one) - Number(other)));
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it.each([
    ["salt", membersOf(50, "second")],
    ["issuer", membersOf(50, "first", "others")],
  ])("is drawn anew for another %s", async (_what, others) => {
    const [first, second] = [await membersOf(50, "first"), await others];
    const same = first.filter((inside, index) => inside === second[index]).length;
    expect(Math.abs(same - USERS / 2)).toBeLessThan(300);
  });
});
