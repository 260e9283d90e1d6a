// POST /moderate under a policy with rules: the classifier and the judge in parallel.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { withoutCounter } from "../../../support/catalog.ts";
import { textChunk } from "../../../support/chat-chunks.ts";
import { readEvents, readUntil } from "../../../support/events.ts";
import { createUserOf, writtenProvider } from "../../../support/providers.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { createUserBesideClassifier } from "../support/classifier.ts";
import { moderatedCatalog } from "../support/moderated.ts";

const PATH = "/moderate";
const POLICY = "children";
/** The prices of the judge o3, in dollars per token. */
const PRICE = { input: 2e-6, output: 8e-6 };
const CHILDREN = {
  categories: { violence: { from: 0.3, action: "block" }, hate: { from: 0.4, action: "review" } },
  instructions: "This is an app for children.",
  rules: { "phone-number": "No phone numbers.", dosage: "No dosages of medicines." },
  judge: "o3",
};
const KEPT = { action: "allow", quote: "", why: "Nothing in the text breaks this rule." };
const BROKEN = { action: "block", quote: "emulate-dosage", why: 'The text contains "emulate-dosage".' };
const CATEGORY = { name: "hate", score: 0.97, action: "review" };
const RULES = [
  { name: "phone-number", ...KEPT },
  { name: "dosage", ...BROKEN },
];

interface Verdict {
  action: string;
  flagged: boolean;
  usage: { input: number; output: number; usd: number };
  error?: { code: string };
}

const use = (policy: object = {}, changes: Parameters<typeof moderatedCatalog>[0] = {}) =>
  useCatalog(moderatedCatalog({ ...changes, policies: { [POLICY]: { ...CHILDREN, ...policy } } }));
/** Changes the default plan. */
function useWithPlan(changes: object) {
  const catalog = moderatedCatalog({ policies: { [POLICY]: CHILDREN } });
  const { roomy } = catalog.plans;
  return useCatalog({ ...catalog, plans: { ...catalog.plans, roomy: { ...roomy, ...changes } } });
}
const body = (input: unknown, stream = false) => ({ input, policy: POLICY, ...(stream && { stream }) });
const ask = async (input: unknown, stream: boolean) => (await createUser()).post(PATH, body(input, stream));

/** The verdict of a response, or of its last event. */
async function verdictOf(response: Response, stream: boolean): Promise<Verdict> {
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(stream ? (readEvents(text).at(-1)?.data ?? "") : text) as Verdict;
}

const resultsOf = async (response: Response) =>
  (await response.json()) as { action: string; flagged: boolean; results: Verdict[] };

beforeEach(async () => {
  await use();
  await emulation.zero();
});

describe("a verdict by rules", () => {
  it("streams the categories, each rule, and then `done`", async () => {
    const response = await ask("emulate-hate emulate-dosage", true);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const events = readEvents(await response.text());
    expect(events.map(({ name, data }) => [name, JSON.parse(data)])).toEqual([
      ["category", CATEGORY],
      ...RULES.map((rule) => ["rule", rule]),
      ["done", expect.objectContaining({ action: "block", flagged: true })],
    ]);
  });

  describe.each([
    ["streamed", true],
    ["complete", false],
  ])("%s", (_kind, stream) => {
    it("costs the judge's tokens", async () => {
      const user = await createUser();
      const response = await user.post(PATH, body("Is it low?", stream));
      expect(response.headers.get("weir-model")).toBe("o3-2025-04-16");
      const { usage } = await verdictOf(response, stream);
      expect(usage.usd).toBeCloseTo(usage.input * PRICE.input + usage.output * PRICE.output, 9);
      expect(await user.settled()).toEqual({ tokens: usage.input + usage.output, requests: 2, reserved: 0 });
    });

    it("without the judge's verdicts is at least `review`", async () => {
      const harmless = await ask("Hello emulate-judge-refuses", stream);
      expect(await verdictOf(harmless, stream)).toMatchObject({ action: "review", flagged: false });
      const violent = await ask("emulate-violence emulate-judge-truncates", stream);
      expect(await verdictOf(violent, stream)).toMatchObject({ action: "block", flagged: true });
    });

    it("without a classification is a 503, or the judge's verdict when `on_failure` is `allow`", async () => {
      const input = "emulate-moderation-status-500 emulate-phone-number";
      const user = await createUser();
      const response = await user.post(PATH, body(input, stream));
      expect(response.status).toBe(503);
      expect(await errorOf(response)).toMatchObject({ code: "moderation_unavailable" });
      // The judge had begun to work.
      const { tokens, requests } = await user.settled();
      expect([tokens > 0, requests]).toEqual([true, 2]);
      await emulation.idle();
      await use({ on_failure: "allow" });
      expect(await verdictOf(await ask(input, stream), stream)).toMatchObject({ action: "block", flagged: false });
    });

    it("is a 502 that costs a request when the judge fails first, and cancels the classifier", async () => {
      const cancelled = Promise.withResolvers<void>();
      const user = await createUserOf(async ({ url, signal }) => {
        if (!url.endsWith("/moderations")) return new Response(null, { status: 500 });
        signal.addEventListener("abort", () => cancelled.resolve(), { once: true });
        await cancelled.promise;
        throw signal.reason;
      });
      expect((await user.post(PATH, body("Hi", stream))).status).toBe(502);
      expect(await user.settled()).toEqual(ONLY_REQUESTS(2));
      await cancelled.promise;
    });
  });

  it("is not moderated itself, neither by the judge's alias nor by the plan", async () => {
    const gates = { input: "before", output: "window" };
    await use({ judge: "o4-mini" }, { alias: gates, plan: gates });
    const verdict = await verdictOf(await ask("emulate-violence emulate-phone-number", false), false);
    expect(verdict).toMatchObject({ action: "block", flagged: true });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1, "/v1/chat/completions": 1 });
  });

  it("does not need the judge or the classifier in the plan", async () => {
    await useWithPlan({ models: ["o4-mini"] });
    const user = await createUser();
    expect((await user.post(PATH, body("Hi"))).status).toBe(200);
    expect((await user.post("/v1/moderations", { input: "Hi" })).status).toBe(403);
  });
});

describe("a streamed verdict", () => {
  it("sends the categories before the judge answers, and `review` when the judge fails", async () => {
    const judge = Promise.withResolvers<Response>();
    const user = await createUserBesideClassifier(() => judge.promise);
    const response = await user.post(PATH, body("emulate-hate", true));
    expect(response.status).toBe(200);
    const reader = await readUntil(response.body, "\n\n");
    judge.resolve(new Response(null, { status: 500 }));
    const [done, ...more] = readEvents(new TextDecoder().decode((await reader.read()).value));
    expect(more).toEqual([]);
    const error = expect.objectContaining({ code: "provider_error" }) as object;
    expect([done?.name, JSON.parse(done?.data ?? "")]).toEqual(["done", { action: "review", flagged: true, error }]);
    expect(await user.settled()).toEqual(ONLY_REQUESTS(2));
  });

  it("aborts at the total deadline instead of closing", async () => {
    await use({}, { timing: { total_ms: 300 } });
    const { provider, write } = writtenProvider();
    const user = await createUserBesideClassifier(provider);
    const response = user.post(PATH, body("emulate-hate", true));
    await write(textChunk(`{"rules":[${JSON.stringify({ name: "phone-number", ...KEPT })}`));
    const reader = await readUntil((await response).body, '"hate"');
    await write(textChunk(`,${JSON.stringify({ name: "dosage", ...KEPT })}`));
    await user.settled();
    const readToEnd = async () => {
      while (!(await reader.read()).done);
    };
    await expect(readToEnd()).rejects.toThrow();
  });

  it("cancels the judge when the caller leaves", async () => {
    // This provider never answers, so a count of the input would run into its deadline.
    await useCatalog(withoutCounter(moderatedCatalog({ policies: { [POLICY]: CHILDREN } })));
    const cancelled = Promise.withResolvers<void>();
    const user = await createUserBesideClassifier(
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            cancelled.resolve();
            reject(signal.reason as Error);
          });
        }),
    );
    const control = new AbortController();
    const response = await user.post(PATH, body("emulate-hate", true), { signal: control.signal });
    const reader = await readUntil(response.body, "\n\n");
    control.abort();
    await reader.cancel();
    await cancelled.promise;
    expect((await user.settled()).reserved).toBe(0);
  });
});

describe("a list by rules", () => {
  it("has a verdict on each text in order, and `review` with the error where the judge fails", async () => {
    const user = await createUser();
    const input = ["emulate-hate", "emulate-judge-fails", "emulate-dosage", "emulate-violence emulate-judge-fails"];
    const { action, flagged, results } = await resultsOf(await user.post(PATH, body(input)));
    expect({ action, flagged }).toEqual({ action: "block", flagged: true });
    expect(results.map((result) => result.action)).toEqual(["review", "review", "block", "block"]);
    expect(results.map(({ error }) => error?.code)).toEqual([undefined, "provider_error", undefined, "provider_error"]);
    const paid = results.filter(({ error }) => !error).map(({ usage }) => usage.input + usage.output);
    expect(await user.settled()).toEqual({ tokens: (paid[0] ?? 0) + (paid[1] ?? 0), requests: 8, reserved: 0 });
  });

  it("stops when the caller leaves", async () => {
    const control = new AbortController();
    let calls = 0;
    const user = await createUserBesideClassifier(() => {
      calls += 1;
      control.abort();
      return new Response(null, { status: 500 });
    });
    const input = Array.from({ length: 32 }, () => "Hi");
    await user.post(PATH, body(input), { signal: control.signal });
    expect(calls).toBeLessThan(10);
    expect((await user.settled()).reserved).toBe(0);
  });

  it("takes at most half of the user's concurrent requests, and works with a single one", async () => {
    await useWithPlan({ concurrent: 6 });
    const judges: PromiseWithResolvers<Response>[] = [];
    const user = await createUserBesideClassifier(() => {
      const judge = Promise.withResolvers<Response>();
      judges.push(judge);
      return judge.promise;
    });
    const answer = user.post(PATH, body(Array.from({ length: 5 }, () => "Hi")));
    const waitFor = (count: number) =>
      repeatUntil(
        async () => judges.length,
        (length) => length >= count,
      );
    expect(await waitFor(3)).toBe(3);
    expect((await user.usage()).leases.running).toBe(3);
    for (let at = 0; at < 5; at++) {
      await waitFor(at + 1);
      judges[at]?.resolve(new Response(null, { status: 500 }));
    }
    expect((await answer).status).toBe(502);

    const single = await (await createUser("single")).post(PATH, body(["Low.", "Low.", "Low."]));
    expect((await resultsOf(single)).results.map(({ action }) => action)).toEqual(["allow", "allow", "allow"]);
  });
});
