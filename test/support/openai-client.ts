// The `openai` package as it is, pointed at Weir, with a user's token as its key.

import OpenAI from "openai";
import { expect } from "vitest";
import type { Caller } from "./caller.ts";
import type { TestPlan } from "./catalog.ts";

/** An image of one pixel. */
export const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

interface Weir {
  url: string;
  createUser(plan?: TestPlan): Promise<Caller>;
}

/** A client for a new user; `requests` counts what it sends. */
export async function createClient(
  weir: Weir,
  { plan, maxRetries = 0 }: { plan?: TestPlan; maxRetries?: number } = {},
) {
  const user = await weir.createUser(plan);
  const sent = { requests: 0 };
  const counting: typeof fetch = (input, init) => {
    sent.requests += 1;
    return fetch(input, init);
  };
  const client = new OpenAI({ apiKey: user.token, baseURL: `${weir.url}/v1`, maxRetries, fetch: counting });
  return { client, user, sent };
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it was not rejected"),
    (error: unknown) => error,
  );
}
