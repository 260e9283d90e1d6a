import { beforeEach, describe, expect, it } from "vitest";
import { createCatalogOf } from "../support/catalog.ts";
import { DONE, errorFrame, finishChunk, textChunk, usageChunk } from "../support/chat-chunks.ts";
import { readEvents } from "../support/events.ts";
import { createUserOf, recordedProvider, writtenProvider } from "../support/providers.ts";
import { saidIn } from "../support/random-streams.ts";
import { shownBytes } from "../support/shown-input.ts";
import { ask, OPENAI } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const ALLOWANCE = 1024;
/** Room for answers of any length. */
const LONG = { max_output_tokens: 50_000 };
/** More than is kept for metering. */
const MOST_KEPT_BYTES = 524_288;

/** What an answer without usage costs of which so many bytes came. */
const estimateOf = (script: object, bytes: number) =>
  Math.ceil(shownBytes(OPENAI.body(script, true)) / 4) + Math.ceil(bytes / 4) + ALLOWANCE;

/** An answer that the test writes, begun with "Hel"; each write lasts until its caller has read it. */
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
    write: async (text: string) => {
      const length = seen.length + text.length;
      await Promise.all([write(text), readUntil(length)]);
    },
    /** All that the caller gets. */
    rest: () => readUntil(Infinity),
  };
}

const lastErrorOf = (text: string) => OPENAI.failure(text)?.code;

beforeEach(async () => {
  await useCatalog(createCatalogOf(LONG));
  await emulation.zero();
});

describe("a stream whose usage was asked for", () => {
  it.each([
    ["at once", { tokens: 60 }],
    ["by and by", { tokens: 60, delay_ms: 3 }],
    ["byte by byte", { tokens: 12, split: 1 }],
    ["in pieces of seven bytes", { tokens: 60, split: 7 }],
    ["in one piece", { tokens: 60, split: 1_000_000 }],
    ["with text of several bytes a character", { text: "Ein Wehr: 🦫🌊 堰 \n\n data: [DONE]" }],
    ["and is longer than what is kept", { tokens: 4000 }],
    ["and has no usage", { tokens: 60, no_usage: true }],
    ["and breaks off with an error", { tokens: 60, error_after: 60 }],
  ])("that comes %s reaches its caller byte for byte", async (_how, script) => {
    const { provider, sent } = recordedProvider();
    const user = await createUserOf(provider);
    const text = await (await ask(user, OPENAI, script)).text();
    const [expected = ""] = await Promise.all(sent);
    expect(expected.length).toBeGreaterThan(100);
    expect(text.startsWith(expected)).toBe(true);
    if (!("error_after" in script)) expect(text).toBe(expected);
    await user.settled();
  });

  it.each([
    ["short", { tokens: 25, reasoning: 100 }],
    ["slow", { tokens: 60, delay_ms: 5, reasoning: 7 }],
    ["cut at every byte", { tokens: 12, split: 1, reasoning: 0 }],
    ["longer than what is kept", { tokens: 4000, reasoning: 3 }],
  ])("that is %s costs what the provider counted", async (_what, script) => {
    const user = await createUser();
    const text = await (await ask(user, OPENAI, script)).text();
    if (script.tokens === 4000) expect(text.length).toBeGreaterThan(MOST_KEPT_BYTES);
    const tokens = OPENAI.tokens(text, true);
    expect(tokens).toBeGreaterThan(script.tokens + script.reasoning);
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, completed: 1, cancelled: 0, failed: 0 });
  });

  it("that has no usage costs an estimate of all of its bytes, however many", async () => {
    const user = await createUser();
    const script = { text: "abcdefgh".repeat(15_000), no_usage: true };
    const response = await ask(user, OPENAI, script);
    expect((await response.text()).length).toBeGreaterThan(MOST_KEPT_BYTES);
    expect((await user.settled()).tokens).toBe(estimateOf(script, 120_000));
  });

  it("ends in an error frame of ours after the provider's own, and costs an estimate", async () => {
    const user = await createUser();
    const script = { tokens: 20, error_after: 5 };
    const text = await (await ask(user, OPENAI, script)).text();
    const errors = readEvents(text).filter(({ data }) => data.startsWith('{"error"'));
    expect(errors.map(({ data }) => (JSON.parse(data) as { error: { code: string | null } }).error.code)).toEqual([
      null,
      "provider_error",
    ]);
    expect((await user.settled()).tokens).toBe(estimateOf(script, 23));
  });

  it("passes nothing on after the error that it ends in", async () => {
    const { user, write, end, rest } = await begin();
    await write(errorFrame("Your account is out of money."));
    await end();
    const text = await rest();
    expect(text.split("data: ")).toHaveLength(4);
    expect(lastErrorOf(text)).toBe("provider_error");
    expect(await user.settled()).toMatchObject({ tokens: estimateOf({}, 3), requests: 1, reserved: 0 });
  });
});

describe("a stream that breaks off", () => {
  it.each([
    ["between two events", "", 5],
    ["inside an event", textChunk(" world").slice(0, 30), 5],
    ["inside a line ending", textChunk("!").slice(0, -1), 5],
  ])("%s ends in an error frame that clients can parse, and costs what came", async (_where, part, bytes) => {
    const { user, write, breakOff, rest } = await begin();
    await write(textChunk("lo"));
    if (part) await write(part);
    await breakOff();
    const text = await rest();
    const sent = textChunk("Hel") + textChunk("lo") + part;
    expect(text.startsWith(`${sent}\n\ndata: {"error":`)).toBe(true);
    expect(lastErrorOf(text)).toBe("provider_error");
    expect(await user.settled()).toEqual({ tokens: estimateOf({}, bytes), requests: 1, reserved: 0 });
  });

  it("after many bytes at once loses none of them, and costs them all", async () => {
    const { user, write, breakOff, rest } = await begin();
    const many = textChunk("abcdefgh").repeat(6000);
    await write(many);
    await breakOff();
    const text = await rest();
    expect(text.startsWith(`${textChunk("Hel")}${many}\n\ndata: {"error":`)).toBe(true);
    expect((await user.settled()).tokens).toBe(estimateOf({}, 48_003));
  });

  it("by just ending is a failure, too", async () => {
    const { user, write, end, rest } = await begin();
    await write(textChunk("lo"));
    await end();
    const text = await rest();
    expect(lastErrorOf(text)).toBe("provider_error");
    expect((await user.settled()).tokens).toBe(estimateOf({}, 5));
  });

  it("after it told its usage costs the usage", async () => {
    const { user, write, breakOff, rest } = await begin();
    await write(finishChunk() + usageChunk(12, 30));
    await breakOff();
    const text = await rest();
    expect(lastErrorOf(text)).toBe("provider_error");
    expect(await user.settled()).toEqual({ tokens: 42, requests: 1, reserved: 0 });
  });

  it("by turning into something else is passed on, and fails", async () => {
    const { user, write, end, rest } = await begin();
    await write("data: <html>Bad gateway</html>\n\n");
    await end();
    const text = await rest();
    expect(lastErrorOf(text)).toBe("provider_error");
    expect((await user.settled()).tokens).toBe(estimateOf({}, 3));
  });
});

describe("a stream that is cut by the total deadline while its caller reads", () => {
  it.each([
    ["while its provider is silent", ""],
    ["in the middle of an event", textChunk("lo") + textChunk("!").slice(0, 20)],
    ["after it told its usage", finishChunk() + usageChunk(12, 30)],
  ])("%s ends in an error frame that says so", async (_how, more) => {
    await useCatalog(createCatalogOf(LONG, { total_ms: 500 }));
    const { user, write, rest } = await begin();
    if (more) await write(more);
    const text = await rest();
    expect(text.startsWith(`${textChunk("Hel")}${more}\n\ndata: {"error":`)).toBe(true);
    expect(lastErrorOf(text)).toBe("provider_timeout");
    const tokens = more.includes('"usage":{') ? 42 : estimateOf({}, more === "" ? 3 : 5);
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it("while its provider goes on ends in an error frame that says so", async () => {
    await useCatalog(createCatalogOf(LONG, { total_ms: 300 }));
    const user = await createUser();
    const text = await (await ask(user, OPENAI, { tokens: 2000, delay_ms: 2 })).text();
    expect(lastErrorOf(text)).toBe("provider_timeout");
    expect(saidIn(text).length).toBeGreaterThan(0);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1 });
  });
});

it("a stream that has ended is whole though its provider keeps the connection open, and is settled then", async () => {
  await useCatalog(createCatalogOf(LONG, { idle_ms: 60 }));
  const { user, write, rest } = await begin();
  const end = finishChunk() + usageChunk(12, 30) + DONE;
  await write(end);
  expect(await user.settled()).toEqual({ tokens: 42, requests: 1, reserved: 0 });
  expect(await rest()).toBe(textChunk("Hel") + end);
});

it("200 streams at once are each settled with what they told", async () => {
  const users = await Promise.all(Array.from({ length: 25 }, () => createUser()));
  const answers = users.map(async (user, number) => {
    const scripts = Array.from({ length: 8 }, (_, index) => ({ tokens: number + 5 * index, delay_ms: index % 3 }));
    const texts = await Promise.all(scripts.map(async (script) => (await ask(user, OPENAI, script)).text()));
    const tokens = texts.reduce((sum, text) => sum + OPENAI.tokens(text, true), 0);
    expect(await user.settled()).toEqual({ tokens, requests: 8, reserved: 0 });
  });
  await Promise.all(answers);
  expect(await emulation.idle()).toMatchObject({ requests: 200, completed: 200 });
}, 30_000);

it("200 streams that break off at once each end in an error frame, and are settled with what came", async () => {
  const users = await Promise.all(Array.from({ length: 25 }, () => createUser()));
  const answers = users.map(async (user, number) => {
    const scripts = Array.from({ length: 8 }, (_, index) => ({ tokens: 400, cut_after: number + 40 * index + 1 }));
    const texts = await Promise.all(scripts.map(async (script) => (await ask(user, OPENAI, script)).text()));
    expect(texts.map(lastErrorOf)).toEqual(scripts.map(() => "provider_error"));
    const said = texts.map((text, index) => estimateOf(scripts[index] ?? {}, saidIn(text).length));
    expect(await user.settled()).toEqual({
      tokens: said.reduce((sum, tokens) => sum + tokens, 0),
      requests: 8,
      reserved: 0,
    });
  });
  await Promise.all(answers);
}, 30_000);
