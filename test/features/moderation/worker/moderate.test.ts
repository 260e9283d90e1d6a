// POST /moderate under a policy without rules: the classifier's verdict.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
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
  await useCatalog(moderatedCatalog({}));
  await emulation.zero();
});

describe("a verdict", () => {
  it("costs a request and no tokens", async () => {
    const user = await createUser();
    const response = await user.post(PATH, { input: "Hold emulate-violence back." });
    expect(response.headers.get("content-type")).toBe("application/json");
    const verdict = { action: "block", flagged: true, categories: [VIOLENCE], rules: [] };
    expect(await response.json()).toEqual({ ...verdict, usage: { usd: 0 }, left: LEFT });
    expect(await user.settled()).toEqual(ONE_REQUEST);
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });

  it("streams the categories by score, and then `done`", async () => {
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

  it("on a list has one result for each text, and counts each as a request", async () => {
    const user = await createUser();
    const results = [
      { action: "block", flagged: true, categories: [VIOLENCE] },
      { action: "allow", flagged: false, categories: [] },
    ];
    const response = await user.post(PATH, { input: ["emulate-violence", "The river is low."] });
    expect(await response.json()).toEqual({ action: "block", flagged: true, results });
    expect(await user.settled()).toEqual(ONLY_REQUESTS(2));
  });

  it("on a text and several images has all categories, and counts each as a request", async () => {
    const user = await createUser();
    const images = ["calm", "emulate-violence", "emulate-sexual-0.6"].map(imageOf);
    const response = await user.post(PATH, { input: [{ type: "text", text: "emulate-hate" }, ...images] });
    const categories = [{ name: "hate" }, { name: "violence" }, { name: "sexual" }];
    expect(await response.json()).toMatchObject({ categories });
    expect(await user.settled()).toEqual(ONLY_REQUESTS(4));
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 3 });
  });
});

describe("a request to moderate", () => {
  it.each<[string, object, number, string, string | null, number]>([
    ["has an unknown policy", { input: "Hi", policy: "constructor" }, 400, "invalid_request", "policy", 0],
    ["streams a list", { input: ["Hi"], stream: true }, 400, "unsupported_value", "stream", 0],
    ["has an invalid image", { input: [{ type: "image", url: "http://a.test/" }] }, 400, "invalid_request", null, 0],
    ["has a classifier that fails", { input: FAILING }, 502, "provider_error", null, 1],
    ["streams, and the classifier fails", { input: FAILING, stream: true }, 502, "provider_error", null, 1],
    ["has one image that fails", { input: ["calm", FAILING].map(imageOf) }, 502, "provider_error", null, 2],
  ])("costs only requests when it %s", async (_what, body, status, code, param, requests) => {
    const user = await createUser();
    const response = await user.post(PATH, body);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code, ...(param && { param }) });
    expect(await user.settled()).toEqual(ONLY_REQUESTS(requests));
  });

  it("is a 429 when fewer requests are left than it has texts and images", async () => {
    await useCatalog(createCatalogOf({ windows: [{ unit: "requests", per: "month", limit: 4 }] }));
    const user = await createUser();
    expect((await user.post(PATH, { input: ["One", "two"] })).status).toBe(200);
    expect((await user.post(PATH, { input: ["One", "two", "three"] })).status).toBe(429);
    expect((await user.post(PATH, { input: ["one", "two", "three"].map(imageOf) })).status).toBe(429);
    expect((await user.post("/v1/moderations", { input: ["One", "two", "three"] })).status).toBe(429);
    expect((await emulation.stats()).requests).toBe(1);
  });
});
