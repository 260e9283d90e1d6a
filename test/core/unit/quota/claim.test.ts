// Under which plan a user is served: the claim first, then the one that the user's object tells, remembered.

import { describe, expect, it } from "vitest";
import type { Account, Claim } from "../../../../src/core/quota/account.ts";
import { refusalOf as refusalOfAccount } from "../../../../src/core/quota/account.ts";
import { isRefused, withClaim } from "../../../../src/core/quota/claim.ts";
import { refusalOf } from "../../../support/refusals.ts";

const USER = { issuer: "weir", subject: "alice", plan: "free", issuedAt: 5000 };

/** A user's object that knows an account, under a name of its own; `ask` returns the plans that were tried. */
function createObject(account: Account = { changes: [] }, user: Parameters<typeof withClaim>[0] = USER) {
  const name = `q1:${crypto.randomUUID()}`;
  const state = { account };
  const ask = async () => {
    const tried: Claim[] = [];
    const served = await withClaim(user, name, async (claim) => {
      tried.push(claim);
      const refusal = refusalOfAccount(state.account, claim);
      return refusal ? { refusal } : { plan: claim.plan };
    });
    return { served: served.plan, tried: tried.map(({ plan }) => plan), claims: tried };
  };
  return { ask, state };
}

describe("a claim", () => {
  it("of a token without a plan is for none", async () => {
    const { claims } = await createObject(undefined, { ...USER, plan: undefined }).ask();
    expect(claims).toEqual([{ plan: "", claimed: "", issuedAt: 5000 }]);
  });

  it("gives way to the plan that is stored with the user, in a second try", async () => {
    const { served, tried, claims } = await createObject({ changes: [], plan: "pro" }).ask();
    expect(served).toBe("pro");
    expect(tried).toEqual(["free", "pro"]);
    expect(claims.map(({ claimed }) => claimed)).toEqual(["free", "free"]);
  });

  it("is not tried again once the stored plan is known", async () => {
    const object = createObject({ changes: [], plan: "pro" });
    await object.ask();
    expect((await object.ask()).tried).toEqual(["pro"]);
  });

  it("is back when the stored plan is taken away, and the next request knows it", async () => {
    const object = createObject({ changes: [], plan: "pro" });
    await object.ask();
    object.state.account = { changes: [] };
    expect(await object.ask()).toMatchObject({ served: "free", tried: ["pro", "free"] });
    expect((await object.ask()).tried).toEqual(["free"]);
  });

  it("is still right for a user whose plan was forgotten for that of a thousand others", async () => {
    const first = createObject({ changes: [], plan: "pro" });
    await first.ask();
    for (let count = 0; count < 1000; count++) await createObject({ changes: [], plan: "gold" }).ask();
    expect(await first.ask()).toMatchObject({ served: "pro", tried: ["free", "pro"] });
  });
});

describe("a refusal of the claim itself", () => {
  it("of a blocked user is a 403", async () => {
    const error = await refusalOf(() => createObject({ changes: [], blocked: true }).ask());
    expect(error).toMatchObject({ status: 403, body: { code: "user_blocked" } });
  });

  it("of a revoked token is a 401", async () => {
    const error = await refusalOf(() => createObject({ changes: [], revokedBefore: 6000 }).ask());
    expect(error).toMatchObject({ status: 401, body: { code: "invalid_api_key" } });
  });

  it("is told from an answer", () => {
    expect(isRefused({ refusal: { reason: "blocked" } })).toBe(true);
    expect(isRefused({ ok: false, reason: "window" })).toBe(false);
  });
});
