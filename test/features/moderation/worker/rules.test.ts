// POST /moderate under a policy with rules: the classifier and the judge side by side.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { textChunk } from "../../../support/chat-chunks.ts";
import { readEvents, readUntil } from "../../../support/events.ts";
import { createUserOf, writtenProvider } from "../../../support/providers.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { createUserBesideClassifier } from "../support/classifier.ts";
import { moderatedCatalog } from "../support/moderated.ts";

const PATH = "/moderate";
const POLICY = "children";
/** Dollars a token of the judge o3. */
const PRICE = { input: 2e-6, output: 8e-6 };
const CHILDREN = {
  categories: { violence: { from: 0.3, action: "block" }, hate: { from: 0.4, action: "review" } },
  instructions: "This is an app for children.",
  rules: { "phone-number": "No phone numbers.", dosage: "No dosages of medicines." },
  judge: "o3",
};
const KEPT = { action: "allow", quote: "", why: "Nothing in the text breaks this rule." };
const BROKEN = { action: "block", quote: "emulate-dosage", why: 'The text contains "emulate-dosage".' };
const [FIRST, SECOND] = ["phone-number", "dosage"].map((name) => JSON.stringify({ name, ...KEPT }));

interface Verdict {
  action: string;
  flagged: boolean;
  usage: { input: number; output: number; usd: number };
  error?: { code: string };
}

const use = (policy: object = {}, changes: Parameters<typeof moderatedCatalog>[0] = {}) =>
  useCatalog(moderatedCatalog({ ...changes, policies: { [POLICY]: { ...CHILDREN, ...policy } } }));
const body = (input: unknown, stream = false) => ({ input, policy: POLICY, ...(stream && { stream }) });
const ask = async (input: unknown, stream: boolean) => (await createUser()).post(PATH, body(input, stream));

/** The verdict that a response ends in, streamed or whole. */
async function verdictOf(response: Response, stream: boolean): Promise<Verdict> {
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(stream ? (readEvents(text).at(-1)?.data ?? "") : text) as Verdict;
}

/** Every text of a list with its result. */
const resultsOf = async (response: Response) =>
  (await response.json()) as { action: string; flagged: boolean; results: Verdict[] };

beforeEach(async () => {
  await use();
  await emulation.zero();
});

describe("a verdict by rules", () => {
  it("has the categories and each rule", async () => {
    const response = await ask("emulate-hate emulate-dosage", false);
    expect(await response.json()).toMatchObject({
      action: "block",
      flagged: true,
      categories: [{ name: "hate", score: 0.97, action: "review" }],
      rules: [
        { name: "phone-number", ...KEPT },
        { name: "dosage", ...BROKEN },
      ],
    });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1, "/v1/chat/completions": 1 });
  });

  it("streams the categories first, then each rule, then done", async () => {
    const response = await ask("emulate-hate emulate-dosage", true);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const events = readEvents(await response.text());
    expect(events.map(({ name, data }) => [name, JSON.parse(data)])).toEqual([
      ["category", { name: "hate", score: 0.97, action: "review" }],
      ["rule", { name: "phone-number", ...KEPT }],
      ["rule", { name: "dosage", ...BROKEN }],
      ["done", expect.objectContaining({ action: "block", flagged: true })],
    ]);
  });

  describe.each([
    ["streamed", true],
    ["whole", false],
  ])("%s", (_kind, stream) => {
    it("is charged in tokens at the judge's prices", async () => {
      const user = await createUser();
      const response = await user.post(PATH, body("Is it low?", stream));
      expect(response.headers.get("weir-model")).toBe("o3-2025-04-16");
      const { usage } = await verdictOf(response, stream);
      expect(usage.usd).toBeCloseTo(usage.input * PRICE.input + usage.output * PRICE.output, 9);
      expect(await user.settled()).toEqual({ tokens: usage.input + usage.output, requests: 1, reserved: 0 });
    });

    it.each(["refuses", "truncates"])("of a judge who %s is never a yes", async (fault) => {
      const harmless = await ask(`Hello emulate-judge-${fault}`, stream);
      expect(await verdictOf(harmless, stream)).toMatchObject({ action: "review", flagged: false });
      const violent = await ask(`emulate-violence emulate-judge-${fault}`, stream);
      expect(await verdictOf(violent, stream)).toMatchObject({ action: "block", flagged: true });
    });

    it("is a 503 when the classifier fails, and the judge's when the policy goes on without", async () => {
      const input = "emulate-moderation-status-500 emulate-phone-number";
      const response = await ask(input, stream);
      expect(response.status).toBe(503);
      expect(await errorOf(response)).toMatchObject({ code: "moderation_unavailable" });
      await emulation.idle();
      await use({ on_failure: "allow" });
      expect(await verdictOf(await ask(input, stream), stream)).toMatchObject({ action: "block", flagged: false });
    });

    it("is a 502 that costs nothing when the judge fails first, and the classifier is cancelled", async () => {
      const left = Promise.withResolvers<void>();
      const user = await createUserOf(async ({ url, signal }) => {
        if (!url.endsWith("/moderations")) return new Response(null, { status: 500 });
        signal.addEventListener("abort", () => left.resolve(), { once: true });
        await left.promise;
        throw signal.reason;
      });
      expect((await user.post(PATH, body("Hi", stream))).status).toBe(502);
      expect(await user.settled()).toEqual(NOTHING);
      await left.promise;
    });
  });

  it("is a 429 when the judge's tokens do not fit, and nobody is asked", async () => {
    const user = await createUser("tiny");
    expect((await user.post(PATH, body("Hi"))).status).toBe(429);
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("is not moderated itself, neither by the judge's alias nor by the plan", async () => {
    const gates = { input: "before", output: "window" };
    await use({ judge: "o4-mini" }, { alias: gates, plan: gates });
    const judged = await verdictOf(await ask("emulate-violence emulate-phone-number", false), false);
    expect(judged).toMatchObject({ action: "block", flagged: true });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1, "/v1/chat/completions": 1 });
  });

  it("does not depend on the models of the plan, since its caller names none", async () => {
    const catalog = moderatedCatalog({ policies: { [POLICY]: CHILDREN } });
    const { roomy } = catalog.plans;
    await useCatalog({ ...catalog, plans: { ...catalog.plans, roomy: { ...roomy, models: ["o4-mini"] } } });
    const user = await createUser();
    expect((await user.post(PATH, body("Hi"))).status).toBe(200);
    expect((await user.post("/v1/moderations", { input: "Hi" })).status).toBe(403);
  });
});

describe("a streamed verdict", () => {
  it("sends the categories as soon as the classifier answers, whatever becomes of the judge", async () => {
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
    expect(await user.settled()).toEqual(NOTHING);
  });

  it("is cut with the total deadline, and does not just stop", async () => {
    await use({}, { timing: { total_ms: 300 } });
    const { provider, write } = writtenProvider();
    const user = await createUserBesideClassifier(provider);
    const asked = user.post(PATH, body("emulate-hate", true));
    await write(textChunk(`{"rules":[${FIRST}`));
    const reader = await readUntil((await asked).body, '"hate"');
    await write(textChunk(`,${SECOND}`));
    await user.settled();
    const readToEnd = async () => {
      while (!(await reader.read()).done);
    };
    await expect(readToEnd()).rejects.toThrow();
  });

  it("whose caller leaves cancels the judge", async () => {
    const left = Promise.withResolvers<void>();
    const user = await createUserBesideClassifier(
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            left.resolve();
            reject(signal.reason as Error);
          });
        }),
    );
    const control = new AbortController();
    const response = await user.post(PATH, body("emulate-hate", true), { signal: control.signal });
    const reader = await readUntil(response.body, "\n\n");
    control.abort();
    await reader.cancel();
    await left.promise;
    expect((await user.settled()).reserved).toBe(0);
  });
});

describe("a list by rules", () => {
  it("has a verdict on each text, in order, and a review where nobody could judge", async () => {
    const user = await createUser();
    const input = ["emulate-hate", "emulate-judge-fails", "emulate-dosage", "emulate-violence emulate-judge-fails"];
    const { action, flagged, results } = await resultsOf(await user.post(PATH, body(input)));
    expect({ action, flagged }).toEqual({ action: "block", flagged: true });
    expect(results.map((result) => result.action)).toEqual(["review", "review", "block", "block"]);
    expect(results.map(({ error }) => error?.code)).toEqual([undefined, "provider_error", undefined, "provider_error"]);
    const paid = results.filter(({ error }) => !error).map(({ usage }) => usage.input + usage.output);
    expect(await user.settled()).toEqual({ tokens: (paid[0] ?? 0) + (paid[1] ?? 0), requests: 2, reserved: 0 });
  });

  it("is judged no further when its caller has left", async () => {
    const control = new AbortController();
    let asked = 0;
    const user = await createUserBesideClassifier(() => {
      asked += 1;
      control.abort();
      return new Response(null, { status: 500 });
    });
    const input = Array.from({ length: 32 }, () => "Hi");
    expect((await user.post(PATH, body(input), { signal: control.signal })).status).toBe(499);
    expect(asked).toBeLessThan(10);
    expect((await user.settled()).reserved).toBe(0);
  });

  it("takes at most half of what its user may run at once, and works with a single one", async () => {
    const catalog = moderatedCatalog({ policies: { [POLICY]: CHILDREN } });
    const { roomy } = catalog.plans;
    await useCatalog({ ...catalog, plans: { ...catalog.plans, roomy: { ...roomy, concurrent: 6 } } });
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
