import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { createCatalogOf } from "../support/catalog.ts";
import { readEvents } from "../support/events.ts";
import { moderatedCatalog } from "../support/moderated.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const PATH = "/moderate";
const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
const LEFT = { "tokens/month": 10_000_000, "requests/month": 9999 };
const VIOLENCE = { name: "violence", score: 0.97, action: "block" };

/** By scores: hate is looked at, violence is blocked early, and harassment is nobody's business. */
const STRICT = {
  categories: {
    hate: { from: 0.4, action: "review" },
    violence: { from: 0.3, action: "block" },
    harassment: { from: 0.1, action: "allow" },
  },
  otherwise: "review",
};

const verdictOn = async (input: unknown, policy?: string) => {
  const response = await (await createUser()).post(PATH, { input, ...(policy && { policy }) });
  expect(response.status).toBe(200);
  return response.json();
};

beforeEach(async () => {
  await useCatalog(moderatedCatalog({ policies: { strict: STRICT } }));
  await emulation.zero();
});

describe("POST /moderate without rules", () => {
  it("gives a verdict, which costs a request and no tokens", async () => {
    const user = await createUser();
    const response = await user.post(PATH, { input: "Hold emulate-violence back." });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      action: "block",
      flagged: true,
      categories: [VIOLENCE],
      rules: [],
      usage: { usd: 0 },
      left: LEFT,
    });
    expect(await user.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });

  it("streams the categories, the worst first, and then that it is done", async () => {
    const user = await createUser();
    const response = await user.post(PATH, { input: "emulate-hate-0.6 emulate-violence", stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = readEvents(await response.text());
    expect(events.map(({ name, data }) => [name, JSON.parse(data)])).toEqual([
      ["category", VIOLENCE],
      ["category", { name: "hate", score: 0.6, action: "block" }],
      ["done", { action: "block", flagged: true, usage: { usd: 0 }, left: LEFT }],
    ]);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
  });

  it("streams nothing but that it is done for what is allowed", async () => {
    const response = await (await createUser()).post(PATH, { input: "The river is low.", stream: true });
    const [done, ...more] = readEvents(await response.text());
    expect(more).toEqual([]);
    expect(JSON.parse(done?.data ?? "")).toMatchObject({ action: "allow", flagged: false });
  });

  it("gives a verdict on each text of a list, in order, for one request", async () => {
    const user = await createUser();
    const input = ["emulate-violence", "The river is low.", "emulate-hate-0.5"];
    expect(await (await user.post(PATH, { input })).json()).toEqual({
      action: "block",
      flagged: true,
      results: [
        { action: "block", flagged: true, categories: [VIOLENCE] },
        { action: "allow", flagged: false, categories: [] },
        { action: "block", flagged: true, categories: [{ name: "hate", score: 0.5, action: "block" }] },
      ],
    });
    expect(await user.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
  });

  it("judges the parts of one thing together", async () => {
    const url = "https://example.com/emulate-violence-graphic.png";
    const parts = [
      { type: "text", text: "emulate-hate" },
      { type: "image", url },
      { type: "text", text: "Nice?" },
    ];
    expect(await verdictOn(parts)).toMatchObject({
      action: "block",
      categories: [{ name: "hate" }, { name: "violence" }, { name: "violence/graphic" }],
    });
    expect((await emulation.stats()).last?.body.input).toEqual([
      { type: "text", text: "emulate-hate\nNice?" },
      { type: "image_url", image_url: { url } },
    ]);
    expect(await verdictOn([{ type: "image", url: "https://example.com/a.png" }])).toMatchObject({ action: "allow" });
  });

  it.each([false, true])("judges each of several images, for one request (stream: %s)", async (stream) => {
    const user = await createUser();
    const images = ["calm", "emulate-violence", "emulate-sexual-0.6"].map((name) => ({
      type: "image",
      url: `https://example.com/${name}.png`,
    }));
    const response = await user.post(PATH, { input: [{ type: "text", text: "emulate-hate" }, ...images], stream });
    const text = await response.text();
    const categories = stream
      ? readEvents(text).flatMap(({ name, data }) => (name === "category" ? [JSON.parse(data)] : []))
      : (JSON.parse(text) as { categories: unknown[] }).categories;
    expect(categories).toMatchObject([{ name: "hate" }, { name: "violence" }, { name: "sexual" }]);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 3 });
  });

  it("is a 502 that costs nothing when the classifier fails on one of several images", async () => {
    const user = await createUser();
    const images = ["calm", "emulate-moderation-status-500"].map((name) => ({
      type: "image",
      url: `https://example.com/${name}.png`,
    }));
    const response = await user.post(PATH, { input: images });
    expect(response.status).toBe(502);
    expect(await user.settled()).toEqual(NOTHING);
  });

  it.each([
    ["emulate-violence-0.29", "allow", false, []],
    ["emulate-violence-0.3", "block", false, [{ name: "violence", score: 0.3, action: "block" }]],
    ["emulate-hate-0.39", "allow", false, []],
    ["emulate-hate-0.4", "review", false, [{ name: "hate", score: 0.4, action: "review" }]],
    ["emulate-harassment-0.9", "allow", true, [{ name: "harassment", score: 0.9, action: "allow" }]],
    ["emulate-illicit-0.5", "review", true, [{ name: "illicit", score: 0.5, action: "review" }]],
    ["emulate-illicit-0.49", "allow", false, []],
  ])("by a policy of one's own, %s is a case for %s", async (input, action, flagged, categories) => {
    expect(await verdictOn(input, "strict")).toMatchObject({ action, flagged, categories });
  });

  it.each([
    ["a policy that there is not", { input: "Hi", policy: "constructor" }, "invalid_request", "policy"],
    ["a list that is to stream", { input: ["Hi"], stream: true }, "unsupported_value", "stream"],
    ["no input", {}, "invalid_request", "input"],
    ["an empty list", { input: [] }, "invalid_request", "input"],
    ["a list of both", { input: ["Hi", { type: "text", text: "Hi" }] }, "invalid_request", "input"],
    ["too long a list", { input: Array.from({ length: 33 }, () => "Hi") }, "invalid_request", "input"],
    [
      "an image that is neither https nor data",
      { input: [{ type: "image", url: "http://a.test/" }] },
      "invalid_request",
      "input.0.url",
    ],
    ["a field that is not known", { input: "Hi", model: "o4-mini" }, "unsupported_parameter", "model"],
  ])("%s is a 400 and costs nothing", async (_what, body, code, param) => {
    const user = await createUser();
    const response = await user.post(PATH, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code, param });
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("names the policies that there are when one is not found", async () => {
    const response = await (await createUser()).post(PATH, { input: "Hi", policy: "nobody" });
    expect((await errorOf(response)).message).toContain("default, strict");
  });

  it.each([false, true])("is a 502 that costs nothing when the classifier fails (stream: %s)", async (stream) => {
    const user = await createUser();
    const response = await user.post(PATH, { input: "emulate-moderation-status-500", stream });
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: "provider_error" });
    expect(await user.settled()).toEqual(NOTHING);
  });

  it("is a 429 when no request is left", async () => {
    await useCatalog(createCatalogOf({ windows: [{ unit: "requests", per: "month", limit: 1 }] }));
    const user = await createUser();
    expect((await user.post(PATH, { input: "Hi" })).status).toBe(200);
    const response = await user.post(PATH, { input: "Hi" });
    expect(response.status).toBe(429);
    expect(await errorOf(response)).toMatchObject({ code: "insufficient_quota" });
    expect((await emulation.stats()).requests).toBe(1);
  });
});
