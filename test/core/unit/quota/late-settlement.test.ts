// A reservation that another request, or an alarm, settles.

import { beforeEach, expect, it } from "vitest";
import { settleLate } from "../../../../src/core/quota/late-settlement.ts";
import { catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { tokensADay } from "../../support/quota-book.ts";
import { createNamespace, runtimeError, skipPauses } from "../../support/quota-namespace.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const LIMITS = { windows: [tokensADay(1000)], concurrent: 2 };
const SETTLEMENT = { catalog: complete(catalogDocument()), waitUntil: () => undefined, name: "user-1", key: "one" };
const charge = (tokens: number) => ({ tokens, requests: 1, nanoUsd: 0 });

beforeEach(() => void skipPauses());

function reserved() {
  const quota = createNamespace(NOON);
  quota.book.limits = LIMITS;
  quota.book.reserve("one", { input: 100, output: 100 }, 60_000);
  const used = () => {
    quota.book.limits = LIMITS;
    return quota.book.tokens();
  };
  return {
    quota,
    used,
    settle: (tokens: number) => settleLate({ ...SETTLEMENT, env: quota.env, charge: charge(tokens) }),
  };
}

it("is charged once, at most what was reserved, also after its lease has expired", async () => {
  const { quota, used, settle } = reserved();
  quota.book.now += 61_000;
  expect(used().used).toBe(200);
  await settle(70);
  await settle(150);
  expect(used()).toEqual({ used: 70, reserved: 0, left: 930 });
  const other = reserved();
  await other.settle(900);
  expect(other.used().used).toBe(200);
});

it("can be repeated after the user's object did not answer, although it had settled", async () => {
  const { quota, used, settle } = reserved();
  quota.failures.push(runtimeError({ late: true }));
  expect((await refusalOf(() => settle(70))).body.code).toBe("quota_unavailable");
  await settle(70);
  expect(used()).toMatchObject({ used: 70, reserved: 0 });
});
