import { beforeEach, describe, expect, it } from "vitest";
import { change } from "../support/admin.ts";
import { errorOf } from "../support/caller.ts";
import { DONE, errorFrame, textChunk } from "../support/chat-chunks.ts";
import { readEvents, readUntil } from "../support/events.ts";
import { moderatedCatalog } from "../support/moderated.ts";
import { besideClassifier } from "../support/moderated-providers.ts";
import { createUserOf, writtenProvider } from "../support/providers.ts";
import { repeatUntil } from "../support/repeat.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const PATH = "/moderate";
const POLICY = "children";
/** o3, in dollars a token. */
const PRICE = { input: 2e-6, output: 8e-6 };
const CHILDREN = {
  categories: { violence: { from: 0.3, action: "block" }, hate: { from: 0.4, action: "review" } },
  instructions: "This is an app for children.",
  rules: { "phone-number": "No phone numbers.", dosage: "No dosages of medicines." },
  judge: "o3",
};
const KEPT = { action: "allow", quote: "", why: "Nothing in the text breaks this rule." };
const BROKEN = { action: "block", quote: "emulate-dosage", why: 'The text contains "emulate-dosage".' };

interface Done {
  action: string;
  flagged: boolean;
  usage: { input: number; output: number; usd: number };
  left: Record<string, number>;
}

const ask = async (input: unknown, stream: boolean) =>
  (await createUser()).post(PATH, { input, policy: POLICY, ...(stream && { stream }) });

/** The verdict that an answer ends in, streamed or whole. */
async function endOf(response: Response, stream: boolean): Promise<Done> {
  expect(response.status).toBe(200);
  return JSON.parse(stream ? (readEvents(await response.text()).at(-1)?.data ?? "") : await response.text()) as Done;
}

/** Reads until the end; throws where it does not come to one. */
async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

beforeEach(async () => {
  await useCatalog(moderatedCatalog({ policies: { [POLICY]: CHILDREN } }));
  await emulation.zero();
});

describe("POST /moderate with rules", () => {
  it("gives a verdict on categories and on each rule", async () => {
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

  it("streams the categories first, then each rule, then that it is done", async () => {
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

  it("tells the judge the policy's words, and the text as what a user said", async () => {
    const asked: unknown[] = [];
    const user = await createUserOf(
      besideClassifier(async (request) => {
        asked.push(await request.json());
        return new Response(null, { status: 500 });
      }),
    );
    await (await user.post(PATH, { input: "Is it low?", policy: POLICY })).text();
    expect(asked).toMatchObject([
      {
        model: "o3-2025-04-16",
        messages: [{ role: "system" }, { role: "user", content: [{ type: "text", text: "Is it low?" }] }],
        response_format: { type: "json_schema", json_schema: { name: "verdict", strict: true } },
      },
    ]);
    for (const words of ["This is an app for children.", "phone-number: No phone numbers."]) {
      expect(JSON.stringify(asked)).toContain(words);
    }
  });

  it.each([
    ["The river is low.", "allow"],
    ["emulate-hate", "review"],
    ["emulate-violence-0.3", "block"],
    ["emulate-review-dosage", "review"],
    ["emulate-review-dosage emulate-phone-number", "block"],
    ["emulate-dosage emulate-hate", "block"],
  ])("%s is a case for %s, the severest of all", async (input, action) => {
    for (const stream of [true, false]) {
      expect(await endOf(await ask(input, stream), stream)).toMatchObject({ action });
    }
  });

  describe.each([
    ["streamed", true],
    ["whole", false],
  ])("%s", (_kind, stream) => {
    it.each(["refuses", "truncates", "babbles", "invents"])("a judge who %s is never a yes", async (fault) => {
      const judged = await endOf(await ask(`Hello emulate-judge-${fault}`, stream), stream);
      expect(judged).toMatchObject({ action: "review", flagged: false });
    });

    it.each(["refuses", "truncates", "babbles", "invents"])("a judge who %s makes no block milder", async (fault) => {
      const judged = await endOf(await ask(`emulate-violence emulate-judge-${fault}`, stream), stream);
      expect(judged).toMatchObject({ action: "block", flagged: true });
    });

    it("a judge who fails before the classifier is back is an error that costs nothing", async () => {
      const left = Promise.withResolvers<void>();
      const user = await createUserOf(async ({ url, signal }) => {
        if (!url.endsWith("/moderations")) return new Response(null, { status: 500 });
        signal.addEventListener("abort", () => left.resolve(), { once: true });
        await left.promise;
        throw signal.reason;
      });
      const response = await user.post(PATH, { input: "Hi", policy: POLICY, stream });
      expect(response.status).toBe(502);
      expect(await errorOf(response)).toMatchObject({ code: "provider_error" });
      expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
      await left.promise;
    });

    it("a classifier that fails beside the judge is an error, and nothing is promised", async () => {
      const user = await createUser();
      const response = await user.post(PATH, { input: "emulate-moderation-status-500", policy: POLICY, stream });
      expect(response.status).toBe(503);
      expect(response.headers.get("content-type")).toContain("application/json");
      expect(await errorOf(response)).toMatchObject({ code: "moderation_unavailable" });
      expect(await user.settled()).toMatchObject({ reserved: 0 });
      expect(await emulation.idle()).toMatchObject({ active: 0 });
    });

    it("is metered in tokens at the judge's prices", async () => {
      const user = await createUser();
      const response = await user.post(PATH, { input: "Is it low?", policy: POLICY, stream });
      expect(response.headers.get("weir-model")).toBe("o3-2025-04-16");
      const { usage, left } = await endOf(response, stream);
      expect(usage.usd).toBeCloseTo(usage.input * PRICE.input + usage.output * PRICE.output, 9);
      expect(left["requests/month"]).toBe(9999);
      expect(await user.settled()).toEqual({ tokens: usage.input + usage.output, requests: 1, reserved: 0 });
    });

    it("is a 429 when the judge's tokens do not fit, and nobody is asked", async () => {
      const user = await createUser("tiny");
      const response = await user.post(PATH, { input: "Hi", policy: POLICY, stream });
      expect(response.status).toBe(429);
      expect(await errorOf(response)).toMatchObject({ code: "insufficient_quota" });
      expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
      expect((await emulation.stats()).requests).toBe(0);
    });
  });

  it("streams the categories as soon as the classifier is back, whatever the judge does", async () => {
    const judge = Promise.withResolvers<Response>();
    const user = await createUserOf(besideClassifier(() => judge.promise));
    const response = await user.post(PATH, { input: "emulate-hate", policy: POLICY, stream: true });
    expect(response.status).toBe(200);
    expect(response.headers.get("weir-model")).toBe("o3-2025-04-16");
    expect(response.headers.get("x-ratelimit-remaining-tokens")).toBeTruthy();
    const reader = await readUntil(response.body, "\n\n");
    judge.resolve(new Response(null, { status: 500 }));
    const [done, ...more] = readEvents(new TextDecoder().decode((await reader.read()).value));
    expect(more).toEqual([]);
    expect([done?.name, JSON.parse(done?.data ?? "")]).toEqual([
      "done",
      { action: "review", flagged: true, error: expect.objectContaining({ code: "provider_error" }) },
    ]);
    expect(await reader.read()).toMatchObject({ done: true });
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("whose caller leaves when the categories are told cancels the judge", async () => {
    const left = Promise.withResolvers<void>();
    const user = await createUserOf(
      besideClassifier(({ signal }) => {
        const answer = Promise.withResolvers<Response>();
        signal.addEventListener("abort", () => {
          left.resolve();
          answer.reject(signal.reason);
        });
        return answer.promise;
      }),
    );
    const control = new AbortController();
    const body = { input: "emulate-hate", policy: POLICY, stream: true };
    const response = await user.post(PATH, body, { signal: control.signal });
    const reader = await readUntil(response.body, "\n\n");
    control.abort();
    await reader.cancel();
    await left.promise;
    expect((await user.settled()).reserved).toBe(0);
  });

  it("gives a verdict on each text of a list, in order, each judged by itself", async () => {
    const user = await createUser();
    const input = ["emulate-hate", "The river is low.", "emulate-dosage"];
    const response = await user.post(PATH, { input, policy: POLICY });
    const { action, flagged, results } = (await response.json()) as Done & { results: Done[] };
    expect({ action, flagged }).toEqual({ action: "block", flagged: true });
    expect(results.map((result) => result.action)).toEqual(["review", "allow", "block"]);
    const tokens = results.reduce((sum, { usage }) => sum + usage.input + usage.output, 0);
    expect(await user.settled()).toEqual({ tokens, requests: 3, reserved: 0 });
  });

  it("leaves what nobody could judge for review in a list, for nothing", async () => {
    const user = await createUser();
    const input = ["The river is low.", "emulate-judge-fails", "emulate-dosage"];
    const response = await user.post(PATH, { input, policy: POLICY });
    expect(response.status).toBe(200);
    const { action, results } = (await response.json()) as Done & { results: (Done & { error?: object })[] };
    expect(action).toBe("block");
    expect(results.map((result) => result.action)).toEqual(["allow", "review", "block"]);
    expect(results[1]).toMatchObject({ flagged: false, error: { code: "provider_error" } });
    expect((await user.settled()).requests).toBe(2);
  });

  it("keeps what the classifier has found where the judge of a list fails", async () => {
    const response = await ask(["Low.", "emulate-violence emulate-judge-fails"], false);
    expect(response.headers.get("weir-revision")).toBeTruthy();
    const { action, flagged, results } = (await response.json()) as Done & { results: Done[] };
    expect({ action, flagged }).toEqual({ action: "block", flagged: true });
    expect(results[1]).toMatchObject({ action: "block", flagged: true, error: { code: "provider_error" } });
  });

  it("judges no more of a list when its caller has left", async () => {
    const control = new AbortController();
    let asked = 0;
    const user = await createUserOf(
      besideClassifier(async () => {
        asked += 1;
        control.abort();
        return new Response(null, { status: 500 });
      }),
    );
    const input = Array.from({ length: 32 }, () => "Hi");
    const response = await user.post(PATH, { input, policy: POLICY }, { signal: control.signal });
    expect(response.status).toBe(499);
    expect(asked).toBeLessThan(10);
    expect((await user.settled()).reserved).toBe(0);
  });

  it("judges a list under the plan that an operator has stored", async () => {
    const catalog = moderatedCatalog({ policies: { [POLICY]: CHILDREN } });
    const { roomy } = catalog.plans;
    await useCatalog({ ...catalog, plans: { ...catalog.plans, single: { ...roomy, concurrent: 1 } } });
    const user = await createUser();
    await change(user.subject, { kind: "plan", plan: "single" });
    const response = await user.post(PATH, { input: ["Low.", "Low.", "Low.", "Low."], policy: POLICY });
    const { results } = (await response.json()) as { results: Done[] };
    expect(results.map((result) => result.action)).toEqual(["allow", "allow", "allow", "allow"]);
  });

  it("is cut where the judge's answer is, and does not just stop", async () => {
    await useCatalog(moderatedCatalog({ policies: { [POLICY]: CHILDREN }, timing: { total_ms: 1000 } }));
    const { provider, write } = writtenProvider();
    const user = await createUserOf(besideClassifier(provider));
    const asked = user.post(PATH, { input: "emulate-hate", policy: POLICY, stream: true });
    const [first, second] = ["phone-number", "dosage"].map((name) => JSON.stringify({ name, ...KEPT }));
    await write(textChunk(`{"rules":[${first}`));
    const response = await asked;
    const reader = await readUntil(response.body, '"hate"');
    await write(textChunk(`,${second}`));
    await user.settled();
    await expect(readToEnd(reader)).rejects.toThrow();
  });

  it("is an error where nobody could judge any text of a list", async () => {
    const user = await createUser();
    const response = await user.post(PATH, { input: ["emulate-judge-fails", "emulate-judge-fails"], policy: POLICY });
    expect(response.status).toBe(502);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("judges some texts of a list side by side, and no more than half of what a user may run", async () => {
    const catalog = moderatedCatalog({ policies: { [POLICY]: CHILDREN } });
    const { roomy } = catalog.plans;
    await useCatalog({ ...catalog, plans: { ...catalog.plans, roomy: { ...roomy, concurrent: 6 } } });
    const judges: PromiseWithResolvers<Response>[] = [];
    const user = await createUserOf(
      besideClassifier(() => {
        const judge = Promise.withResolvers<Response>();
        judges.push(judge);
        return judge.promise;
      }),
    );
    const answer = user.post(PATH, { input: Array.from({ length: 5 }, () => "Hi"), policy: POLICY });
    const asked = () =>
      repeatUntil(
        async () => judges.length,
        (length) => length >= 3,
      );
    expect(await asked()).toBe(3);
    expect((await user.usage()).leases.running).toBe(3);
    for (let at = 0; at < 5; at++) {
      await repeatUntil(
        async () => judges.length,
        (length) => length > at,
      );
      judges[at]?.resolve(new Response(null, { status: 500 }));
    }
    expect((await answer).status).toBe(502);
    expect(judges).toHaveLength(5);
  });

  it("is not a matter of the plan's models, as its caller names none", async () => {
    const catalog = moderatedCatalog({ policies: { [POLICY]: CHILDREN } });
    const plans = Object.fromEntries(
      Object.entries(catalog.plans).map(([name, plan]) => [name, Object.assign({}, plan, { models: ["o4-mini"] })]),
    );
    await useCatalog({ ...catalog, plans });
    const user = await createUser();
    for (const policy of [POLICY, "default"]) {
      expect((await user.post(PATH, { input: "Hi", policy })).status).toBe(200);
    }
    const named = await user.post("/v1/moderations", { input: "Hi" });
    expect([named.status, (await errorOf(named)).code]).toEqual([403, "model_not_allowed"]);
  });

  it("sends each verdict as soon as the judge has written it", async () => {
    const { provider, write, end } = writtenProvider();
    const user = await createUserOf(besideClassifier(provider));
    const asked = user.post(PATH, { input: "emulate-hate", policy: POLICY, stream: true });
    const [first, second] = ["phone-number", "dosage"].map((name) => JSON.stringify({ name, ...KEPT }));
    await write(textChunk(`{"rules":[${first}`));
    const response = await asked;
    const reader = await readUntil(response.body, '"phone-number"');
    await Promise.all([write(textChunk(`,${second}]}`)), reader.read()]);
    const last = reader.read();
    await write(errorFrame("out of order") + DONE);
    await end();
    expect(new TextDecoder().decode((await last).value)).toMatch(/^event:done\ndata:\{"action":"review",.*"error":\{/);
  });
});
