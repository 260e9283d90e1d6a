// The plan of a user: the token's claim first, then the plan stored in the user's object, which is cached.

import { describe, expect, it } from "vitest";
import type { Account, Claim } from "../../../../src/core/quota/account.ts";
import { claimRefusal } from "../../../../src/core/quota/account.ts";
import { withClaim } from "../../../../src/core/quota/claim.ts";
import { refusalOf } from "../../../support/refusals.ts";

const USER = { issuer: "weir", subject: "alice", plan: "free", issuedAt: 5000 };

/** A user's object with an account. `ask` returns the claims that were tried. */
function createObject(account: Partial<Account> = {}, user: Parameters<typeof withClaim>[0] = USER) {
  const name = `q1:${crypto.randomUUID()}`;
  const state = { account };
  const ask = async () => {
    const claims: Claim[] = [];
    const served = await withClaim(user, name, async (claim) => {
      claims.push(claim);
      const refusal = claimRefusal({ changes: [], ...state.account }, claim);
      return refusal ? { refusal } : { plan: claim.plan };
    });
    return { served: served.plan, tried: claims.map(({ plan }) => plan), claims };
  };
  return { ask, state };
}

describe("a claim", () => {
  it("of a token without a plan is for none", async () => {
    const { claims } = await createObject({}, { ...USER, plan: undefined }).ask();
    expect(claims).toEqual([{ plan: "", claimed: "", issuedAt: 5000 }]);
  });

  it("is replaced by the stored plan in a second try, then directly, and returns with the next removal", async () => {
    const object = createObject({ plan: "pro" });
    const { served, tried, claims } = await object.ask();
    expect([served, tried]).toEqual(["pro", ["free", "pro"]]);
    expect(claims.map(({ claimed }) => claimed)).toEqual(["free", "free"]);
    expect((await object.ask()).tried).toEqual(["pro"]);
    object.state.account = {};
    expect(await object.ask()).toMatchObject({ served: "free", tried: ["pro", "free"] });
    expect((await object.ask()).tried).toEqual(["free"]);
  });

  it("is still right after the cached plan was replaced by those of a thousand other users", async () => {
    const first = createObject({ plan: "pro" });
    await first.ask();
    for (let count = 0; count < 1000; count++) await createObject({ plan: "gold" }).ask();
    expect(await first.ask()).toMatchObject({ served: "pro", tried: ["free", "pro"] });
  });

  it.each<[string, Partial<Account>, number, string]>([
    ["a blocked user", { blocked: true }, 403, "user_blocked"],
    ["a revoked token", { revokedBefore: 6000 }, 401, "invalid_api_key"],
  ])("of %s is refused", async (_who, account, status, code) => {
    expect(await refusalOf(() => createObject(account).ask())).toMatchObject({ status, body: { code } });
  });
});
