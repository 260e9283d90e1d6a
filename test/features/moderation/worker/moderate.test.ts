// POST /moderate under a policy without rules: the verdict of the classifier.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalogOf } from "../../../support/catalog.ts";
import { readEvents } from "../../../support/events.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { moderatedCatalog } from "../support/moderated.ts";

const PATH = "/moderate";
const LEFT = { "tokens/month": 10_000_000, "requests/month": 9999 };
const VIOLENCE = { name: "violence", score: 0.97, action: "block" };
const ONE_REQUEST = { tokens: 0, requests: 1, reserved: 0 };
const FAILING = "emulate-moderation-status-500";
const imageOf = (name: string) => ({ type: "image", url: `https://example.com/${name}.png` });

beforeEach(async () => {
  const strict = { categories: { hate: { from: 0.4, action: "review" } }, otherwise: "review" };
  await useCatalog(moderatedCatalog({ policies: { strict } }));
  await emulation.zero();
});

describe("a verdict", () => {
  it("costs a request and no tokens", async () => {
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
    expect(await user.settled()).toEqual(ONE_REQUEST);
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });

  it("streams the categories, the worst first, and then done", async () => {
    const user = await createUser();
    const response = await user.post(PATH, { input: "emulate-hate-0.6 emulate-violence", stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = readEvents(await response.text());
    expect(events.map(({ name, data }) => [name, JSON.parse(data)])).toEqual([
      ["category", VIOLENCE],
      ["category", { name: "hate", score: 0.6, action: "block" }],
      ["done", { action: "block", flagged: true, usage: { usd: 0 }, left: LEFT }],
    ]);
    expect(await user.settled()).toEqual(ONE_REQUEST);
  });

  it("on a list has one result for each text, in order, for one request", async () => {
    const user = await createUser();
    const input = ["emulate-violence", "The river is low."];
    expect(await (await user.post(PATH, { input })).json()).toEqual({
      action: "block",
      flagged: true,
      results: [
        { action: "block", flagged: true, categories: [VIOLENCE] },
        { action: "allow", flagged: false, categories: [] },
      ],
    });
    expect(await user.settled()).toEqual(ONE_REQUEST);
  });

  it("on a text and several images has the categories of all, for one request", async () => {
    const user = await createUser();
    const images = ["calm", "emulate-violence", "emulate-sexual-0.6"].map(imageOf);
    const response = await user.post(PATH, { input: [{ type: "text", text: "emulate-hate" }, ...images] });
    expect(await response.json()).toMatchObject({
      categories: [{ name: "hate" }, { name: "violence" }, { name: "sexual" }],
    });
    expect(await user.settled()).toEqual(ONE_REQUEST);
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 3 });
  });

  it("goes by the policy that is named", async () => {
    const response = await (await createUser()).post(PATH, { input: "emulate-hate-0.4", policy: "strict" });
    const categories = [{ name: "hate", score: 0.4, action: "review" }];
    expect(await response.json()).toMatchObject({ action: "review", flagged: false, categories });
  });
});

describe("a request to moderate", () => {
  it.each([
    ["with an unknown policy", { input: "Hi", policy: "constructor" }, "invalid_request", "policy"],
    ["to stream a list", { input: ["Hi"], stream: true }, "unsupported_value", "stream"],
    ["without input", {}, "invalid_request", "input"],
    ["with too long a list", { input: Array.from({ length: 33 }, () => "Hi") }, "invalid_request", "input"],
    [
      "with an image over http",
      { input: [{ type: "image", url: "http://a.test/" }] },
      "invalid_request",
      "input.0.url",
    ],
    ["with an unknown field", { input: "Hi", model: "o4-mini" }, "unsupported_parameter", "model"],
  ])("%s is a 400 and costs nothing", async (_what, body, code, param) => {
    const user = await createUser();
    const response = await user.post(PATH, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code, param });
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it.each([
    ["for a text", { input: FAILING }],
    ["for a stream", { input: FAILING, stream: true }],
    ["for one of several images", { input: ["calm", FAILING].map(imageOf) }],
  ])("is a 502 that costs nothing when the classifier fails %s", async (_what, body) => {
    const user = await createUser();
    const response = await user.post(PATH, body);
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: "provider_error" });
    expect(await user.settled()).toEqual(NOTHING);
  });

  it("is a 429 when no request is left", async () => {
    await useCatalog(createCatalogOf({ windows: [{ unit: "requests", per: "month", limit: 1 }] }));
    const user = await createUser();
    expect((await user.post(PATH, { input: "Hi" })).status).toBe(200);
    expect((await user.post(PATH, { input: "Hi" })).status).toBe(429);
    expect((await emulation.stats()).requests).toBe(1);
  });
});
