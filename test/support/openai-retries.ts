// The errors of the openai package after its retries, the same on each endpoint.

import type OpenAI from "openai";
import { InternalServerError, RateLimitError } from "openai";
import { expect, it } from "vitest";
import { emulate } from "./emulation.ts";
import { createClient, rejection } from "./openai-client.ts";
import type { startWeir } from "./weir.ts";

type Weir = Awaited<ReturnType<typeof startWeir>>;

/** Tests which errors the client repeats. `send` makes one request with this input. */
export function itRetriesOnlyFaults(weir: Weir, send: (client: OpenAI, input: string) => Promise<unknown>): void {
  it("RateLimitError for a used up quota, and for a request that never fits, without a retry", async () => {
    const { client, sent, user } = await createClient(weir, { plan: "once", maxRetries: 2 });
    await send(client, "Hi");
    await user.settled();
    const usedUp = await rejection(send(client, "Hi"));
    expect(usedUp).toBeInstanceOf(RateLimitError);
    expect(usedUp).toMatchObject({ status: 429, code: "insufficient_quota", type: "insufficient_quota" });
    expect((usedUp as RateLimitError).error).toMatchObject({ window: "requests/month", fits_plan: true });
    expect(sent.requests).toBe(2);

    const small = await createClient(weir, { plan: "tiny", maxRetries: 2 });
    expect(await rejection(send(small.client, "Hi"))).toMatchObject({ status: 429, code: "plan_limit_exceeded" });
    expect(small.sent.requests).toBe(1);
    expect(await weir.emulation.stats()).toMatchObject({ requests: 1 });
  });

  it.each([
    [500, 502, 2],
    [503, 503, 2],
    [429, 503, 2],
    // Only the operator can change that.
    [401, 502, 1],
  ])("InternalServerError for a provider's %i, which is a %i, in %i requests", async (status, told, requests) => {
    const { client, sent, user } = await createClient(weir, { maxRetries: 1 });
    // The client retries by itself, so Weir does not, although the wait is short.
    const error = await rejection(send(client, emulate({ status, retry_after: 0 })));
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error).toMatchObject({ status: told });
    expect(sent.requests).toBe(requests);
    expect(await weir.emulation.stats()).toMatchObject({ requests });
    expect(await user.settled()).toEqual({ tokens: 0, requests, reserved: 0 });
  });
}
