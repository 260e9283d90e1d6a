import { afterAll, afterEach, expect, it } from "vitest";
import type { Caller } from "../support/caller.ts";
import { spentOf } from "../support/caller.ts";
import { startWeir } from "../support/weir.ts";

const weir = await startWeir();
afterAll(weir.close);
afterEach(weir.report);

const LIMIT = 100;
/** A request whose bound, some 70 tokens, fits into an untouched quota of 100. */
const SMALL = { input: "Hi", max_output_tokens: 16 };
const MOST_REQUESTS = 20;

/** Asks until it is refused, and gives what every answer said to remain. */
async function useUp(user: Caller): Promise<{ refusal: Response; remaining: number[] }> {
  const remaining: number[] = [];
  for (let request = 0; request < MOST_REQUESTS; request++) {
    const response = await user.post("/chat", SMALL);
    remaining.push(Number(response.headers.get("x-ratelimit-remaining-tokens")));
    if (response.status === 429) return { refusal: response, remaining };
    expect(response.status).toBe(200);
    await response.text();
  }
  throw new Error("the quota never ended");
}

it("a quota of 100 tokens is used up, and never exceeded", async () => {
  const user = await weir.createUser("tiny");
  const { refusal, remaining } = await useUp(user);
  expect(remaining.length).toBeGreaterThan(1);
  expect(remaining.filter((left) => left < 0)).toEqual([]);
  expect(refusal.headers.get("x-should-retry")).toBe("false");
  expect(Number(refusal.headers.get("retry-after"))).toBeGreaterThan(1);
  expect(await refusal.json()).toMatchObject({ error: { type: "insufficient_quota", code: "insufficient_quota" } });

  const usage = await user.usage();
  expect(usage.windows[0]?.left).toBeGreaterThanOrEqual(0);
  const { tokens, reserved } = spentOf(usage);
  expect(tokens).toBeGreaterThan(0);
  expect(tokens).toBeLessThanOrEqual(LIMIT);
  expect(reserved).toBe(0);
});

it("a quota that is used up stays used up, and is nobody else's", async () => {
  const user = await weir.createUser("tiny");
  const neighbour = await weir.createUser("tiny");
  await useUp(user);
  expect((await user.post("/chat", SMALL)).status).toBe(429);
  expect(
    (await user.post("/v1/chat/completions", { model: "o4-mini", messages: [{ role: "user", content: "Hi" }] })).status,
  ).toBe(429);
  expect(await neighbour.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  expect((await neighbour.post("/chat", SMALL)).status).toBe(200);
});

it("requests at the same time never spend more than there is", async () => {
  const user = await weir.createUser("tiny");
  const answers = await Promise.all(Array.from({ length: 20 }, () => user.post("/chat", SMALL)));
  await Promise.all(answers.map((answer) => answer.text()));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
  expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
  const { tokens, reserved } = await user.settled();
  expect(tokens).toBeLessThanOrEqual(LIMIT);
  expect(reserved).toBe(0);
});

it("what is left bounds how long an answer may be", async () => {
  const user = await weir.createUser("tiny");
  await weir.emulation.zero();
  const response = await user.post("/chat", { ...SMALL, max_output_tokens: 40 });
  await response.text();
  const { last } = await weir.emulation.stats();
  expect(last?.body.max_completion_tokens).toBeLessThanOrEqual(LIMIT);
});
