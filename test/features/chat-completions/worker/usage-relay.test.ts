// Streams with requested usage: byte for byte apart from the provider's errors, metered by their last bytes, never
// closed cleanly after a failure.

import { beforeEach, describe, expect, it } from "vitest";
import { createCatalogOf, withoutCounter } from "../../../support/catalog.ts";
import { DONE, errorFrame, finishChunk, sse, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { estimateOf } from "../../../support/estimate.ts";
import { readEvents } from "../../../support/events.ts";
import { createUserOf, recordedProvider, writtenProvider } from "../../../support/providers.ts";
import { readSaid } from "../../../support/said.ts";
import { ask } from "../../../support/surface.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { OPENAI } from "../support/surface.ts";

const uncounted = (...how: Parameters<typeof createCatalogOf>) => withoutCounter(createCatalogOf(...how));
const LONG = { max_output_tokens: 50_000 };
/** The buffer of the usage tap. */
const MOST_KEPT_BYTES = 524_288;

/** The cost of an answer without usage, with this many bytes of text. */
const estimate = (script: object, bytes: number) => estimateOf(OPENAI, OPENAI.body(script, true), bytes);
const lastErrorOf = (text: string) => OPENAI.failure(text)?.code;

/** An answer that the test writes, started with "Hel". Each write ends when the caller has read it. */
async function begin() {
  const { provider, write, ...written } = writtenProvider();
  const user = await createUserOf(provider);
  const asked = ask(user, OPENAI, {});
  await write(textChunk("Hel"));
  const response = await asked;
  expect(response.status).toBe(200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  const readUntil = async (length: number) => {
    while (seen.length < length) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) break;
      seen += value;
    }
    return seen;
  };
  await readUntil(textChunk("Hel").length);
  return {
    ...written,
    user,
    /** Sends text that the caller does not get as it is. */
    send: write,
    write: async (text: string) => {
      const length = seen.length + text.length;
      await Promise.all([write(text), readUntil(length)]);
    },
    /** Everything that the caller receives. */
    rest: () => readUntil(Infinity),
  };
}

beforeEach(async () => {
  await useCatalog(uncounted(LONG));
  await emulation.zero();
});

describe("a stream with usage", () => {
  it.each([
    ["at once", { tokens: 60, reasoning: 7 }],
    ["slowly", { tokens: 60, delay_ms: 3, reasoning: 0 }],
    ["byte by byte", { tokens: 12, split: 1 }],
    ["with text of several bytes a character", { text: "Ein Wehr: 🦫🌊 堰 \n\n data: [DONE]" }],
    ["with more bytes than the buffer", { tokens: 4000 }],
    ["without usage", { text: "abcdefgh".repeat(4000), no_usage: true }],
  ])("%s arrives byte for byte, and costs its usage", async (_how, script) => {
    const { provider, sent } = recordedProvider();
    const user = await createUserOf(provider);
    const text = await (await ask(user, OPENAI, script)).text();
    expect([text]).toEqual(await Promise.all(sent));
    if ("tokens" in script && script.tokens === 4000) expect(text.length).toBeGreaterThan(MOST_KEPT_BYTES);
    const counted = OPENAI.tokens(text, true);
    const tokens = Number.isNaN(counted) ? estimate(script, 32_000) : counted;
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it.each([
    ["an object", errorFrame("Your account is out of money.")],
    ["a text", sse({ error: "Your account is out of money." })],
    ["beside text", sse({ choices: [], error: { message: "Your account is out of money." } })],
  ])("has one error, Weir's, when the provider's is %s", async (_what, frame) => {
    const { user, send, end, rest } = await begin();
    await send(frame);
    await end();
    const text = await rest();
    const errors = readEvents(text).filter(({ data }) => data.includes('"error"'));
    expect(errors.map(({ data }) => JSON.parse(data) as unknown)).toMatchObject([
      { error: { code: "provider_error" } },
    ]);
    expect(text).not.toContain("account");
    expect(await user.settled()).toEqual({ tokens: estimate({}, 3), requests: 1, reserved: 0 });
  });

  it("is complete and settled at its end mark, even if the provider keeps the connection open", async () => {
    await useCatalog(uncounted(LONG, { idle_ms: 60 }));
    const { user, write, rest } = await begin();
    const end = finishChunk() + usageChunk(12, 30) + DONE;
    await write(end);
    expect(await user.settled()).toEqual({ tokens: 42, requests: 1, reserved: 0 });
    expect(await rest()).toBe(textChunk("Hel") + end);
  });

  it("is not cut by the idle deadline while the caller does not read", async () => {
    const IDLE_MS = 150;
    await useCatalog(uncounted(LONG, { idle_ms: IDLE_MS }));
    const user = await createUser();
    const script = { tokens: 6000, reasoning: 0 };
    const response = await ask(user, OPENAI, script);
    // Another answer takes longer than the deadline.
    await (await ask(await createUser(), OPENAI, { tokens: 1, first_ms: 3 * IDLE_MS })).text();
    const text = await response.text();
    expect(OPENAI.failure(text)).toBeUndefined();
    expect(readEvents(text).length).toBeGreaterThan(script.tokens);
    expect(await user.settled()).toEqual({ tokens: OPENAI.tokens(text, true), requests: 1, reserved: 0 });
  });
});

describe("a stream with usage that breaks off", () => {
  const many = textChunk("abcdefgh").repeat(6000);

  it.each([
    ["between two events", "", "", 5],
    ["inside an event", "", textChunk(" world").slice(0, 30), 5],
    ["after many bytes at once", many, "", 48_005],
  ])("%s ends with a valid error event, and costs an estimate of its text", async (_where, whole, part, bytes) => {
    const { user, write, send, breakOff, rest } = await begin();
    await write(textChunk("lo"));
    if (whole) await write(whole);
    if (part) await send(part);
    await breakOff();
    const text = await rest();
    expect(text.startsWith(`${textChunk("Hel")}${textChunk("lo")}${whole}data: {"error":`)).toBe(true);
    expect(lastErrorOf(text)).toBe("provider_error");
    expect(await user.settled()).toEqual({ tokens: estimate({}, bytes), requests: 1, reserved: 0 });
  });

  it.each([
    ["without an end mark", textChunk("lo"), 5],
    ["with an invalid event", "data: <html>Bad gateway</html>\n\n", 3],
  ])("%s is a failure", async (_how, part, bytes) => {
    const { user, write, end, rest } = await begin();
    await write(part);
    await end();
    expect(lastErrorOf(await rest())).toBe("provider_error");
    expect((await user.settled()).tokens).toBe(estimate({}, bytes));
  });

  it("after its usage costs the usage", async () => {
    const { user, write, breakOff, rest } = await begin();
    await write(finishChunk() + usageChunk(12, 30));
    await breakOff();
    expect(lastErrorOf(await rest())).toBe("provider_error");
    expect(await user.settled()).toEqual({ tokens: 42, requests: 1, reserved: 0 });
  });
});

it.each([
  ["in the middle of an event", textChunk("lo"), textChunk("!").slice(0, 20)],
  ["after its usage", finishChunk() + usageChunk(12, 30), ""],
])("a stream with usage that the total deadline cuts %s ends with a timeout error", async (_how, more, part) => {
  await useCatalog(uncounted(LONG, { total_ms: 300 }));
  const { user, write, send, rest } = await begin();
  await write(more);
  if (part) await send(part);
  const text = await rest();
  expect(text.startsWith(`${textChunk("Hel")}${more}data: {"error":`)).toBe(true);
  expect(lastErrorOf(text)).toBe("provider_timeout");
  const tokens = more.includes('"usage":{') ? 42 : estimate({}, 5);
  expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
});

it("100 streams with usage at once, every second one broken, are each settled by their own usage", async () => {
  const users = await Promise.all(Array.from({ length: 25 }, () => createUser()));
  const answers = users.map(async (user, number) => {
    const scripts = [
      { tokens: number, delay_ms: number % 3 },
      { tokens: 200, cut_after: number + 1 },
      { tokens: number + 20 },
      { tokens: 400, cut_after: 8 * number + 40 },
    ];
    const texts = await Promise.all(scripts.map(async (script) => (await ask(user, OPENAI, script)).text()));
    const costs = texts.map((text, index) => {
      const isCut = index % 2 === 1;
      expect(lastErrorOf(text)).toBe(isCut ? "provider_error" : undefined);
      return isCut ? estimate(scripts[index] ?? {}, readSaid(text).length) : OPENAI.tokens(text, true);
    });
    const tokens = costs.reduce((sum, cost) => sum + cost, 0);
    expect(await user.settled()).toEqual({ tokens, requests: 4, reserved: 0 });
  });
  await Promise.all(answers);
}, 30_000);
