import { beforeEach, describe, expect, it } from "vitest";
import { createCaller, errorOf } from "../support/caller.ts";
import { createCatalogOf } from "../support/catalog.ts";
import { emulate } from "../support/emulation.ts";
import { OPENAI, SLIM } from "../support/surface.ts";
import { createSend, createUser, emulation, useCatalog } from "../support/workerd.ts";

const COUNTER = "/v1/responses/input_tokens";
const LIMIT = 2000;
/** Far more bytes than the limit has tokens, and far fewer tokens. */
const LONG_TEXT = `${emulate({ tokens: 5 })}\n${"river ".repeat(800)}`;
const SHORT_TEXT = emulate({ tokens: 5 });

const catalogOf = (tokens: number) => createCatalogOf({ windows: [{ unit: "tokens", per: "month", limit: tokens }] });

const slimBody = (input: string) => ({ input, stream: true });
const chatBody = (content: string) => ({
  model: "o4-mini",
  messages: [{ role: "user", content }],
  stream: true,
  stream_options: { include_usage: true },
});

beforeEach(async () => {
  await useCatalog(catalogOf(LIMIT));
  await emulation.zero();
});

describe.each([
  [SLIM.path, SLIM, slimBody],
  [OPENAI.path, OPENAI, chatBody],
])("on %s", (_, surface, bodyOf) => {
  it("a text whose bytes do not fit but whose tokens do is counted once, and served", async () => {
    const user = await createUser();
    const response = await user.post(surface.path, bodyOf(LONG_TEXT));
    expect(response.status).toBe(200);
    const tokens = surface.tokens(await response.text(), true);
    expect((await emulation.stats()).by_path).toEqual({ [COUNTER]: 1, "/v1/chat/completions": 1 });
    expect(await user.settled()).toEqual({ tokens, requests: 0, reserved: 0 });
    const granted = Number(response.headers.get("weir-max-output-tokens"));
    expect(granted).toBeGreaterThan(256);
    expect(granted).toBeLessThan(LIMIT - 800);
  });

  it("a text whose bytes fit is not counted", async () => {
    const user = await createUser();
    const response = await user.post(surface.path, bodyOf(SHORT_TEXT));
    expect(response.status).toBe(200);
    await response.text();
    expect((await emulation.stats()).by_path).toEqual({ "/v1/chat/completions": 1 });
  });

  it("a text whose tokens do not fit either is a 429, after one count", async () => {
    await useCatalog(catalogOf(900));
    const user = await createUser();
    const response = await user.post(surface.path, bodyOf(LONG_TEXT));
    expect(response.status).toBe(429);
    expect(await errorOf(response)).toMatchObject({ code: "insufficient_quota" });
    expect((await emulation.stats()).by_path).toEqual({ [COUNTER]: 1 });
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("a text that cannot fit however few tokens it has is a 429 without a count", async () => {
    await useCatalog(catalogOf(290));
    const response = await (await createUser()).post(surface.path, bodyOf(LONG_TEXT));
    expect(response.status).toBe(429);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("a provider that does not count means 429, and is not asked", async () => {
    const catalog = catalogOf(LIMIT);
    const providers = Object.entries(catalog.providers).map(([name, one]) => [name, { ...one, counts_input: false }]);
    await useCatalog({ ...catalog, providers: Object.fromEntries(providers) });
    const response = await (await createUser()).post(surface.path, bodyOf(LONG_TEXT));
    expect(response.status).toBe(429);
    expect(await errorOf(response)).toMatchObject({ code: "insufficient_quota" });
    expect((await emulation.stats()).requests).toBe(0);
  });

  it.each([
    ["fails", () => new Response("{}", { status: 500 })],
    ["answers nonsense", () => Response.json({ input_tokens: -1 })],
    ["cannot be reached", () => Promise.reject(new Error("no network"))],
  ])("a counter that %s means 429, and the model is not asked", async (_kind, answer) => {
    const asked: string[] = [];
    const UPSTREAM = {
      fetch(request: Request) {
        asked.push(new URL(request.url).pathname);
        return answer();
      },
    } as unknown as Fetcher;
    const { token } = await createUser();
    const user = createCaller(createSend({ UPSTREAM }), token);
    const response = await user.post(surface.path, bodyOf(LONG_TEXT));
    expect(response.status).toBe(429);
    expect(asked).toEqual([COUNTER]);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });
});

it("what is left in dollars is counted in the same way", async () => {
  // 4 800 bytes would be 5.3 thousandths of a dollar; the text's tokens are less than one.
  await useCatalog(createCatalogOf({ windows: [{ unit: "usd", per: "month", limit: 0.004 }] }));
  const response = await (await createUser()).post(SLIM.path, slimBody(LONG_TEXT));
  expect(response.status).toBe(200);
  await response.text();
  expect((await emulation.stats()).by_path).toEqual({ [COUNTER]: 1, "/v1/chat/completions": 1 });
});
