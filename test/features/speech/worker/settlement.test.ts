// The cost of each ending of a speech, for models priced by tokens and by characters.

import type { Script } from "../../../../dev/provider/kernel/script.ts";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dollarsOf, errorOf } from "../../../support/caller.ts";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { TEMPLATE_TOKENS } from "../../../support/estimate.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const PATH = "/v1/audio/speech";
/** The provider falls silent for longer than that, and no other answer does. */
const TIMING = { idle_ms: 300, first_byte_ms: 300, leave_ms: 50 };

beforeAll(async () => void (await useCatalog(createDollarCatalog(100, TIMING))));
beforeEach(emulation.zero);

const TEXT = "hello there";
const inputOf = (script: Script) => `${emulate(script)}\n${TEXT}`;
const bodyOf = (script: Script, more: object = {}) => ({
  model: "gpt-4o-mini-tts",
  voice: "alloy",
  input: inputOf(script),
  ...more,
});

/** Tokens of the text, as the emulated provider counts them. */
const TEXT_TOKENS = 2;
/** The bound of the input. */
const inputBoundOf = (script: Script) => inputOf(script).length + TEMPLATE_TOKENS;

/** Nano-dollars. */
const INPUT_RATE = 600;
const OUTPUT_RATE = 12_000;
const usdOf = (input: number, output: number) => (input * INPUT_RATE + output * OUTPUT_RATE) / 1e9;

type User = Awaited<ReturnType<typeof createUser>>;
const spendingOf = async (user: User) => ({ ...(await user.settled()), usd: dollarsOf(await user.usage()) });

const isComplete = (response: Response) =>
  response.arrayBuffer().then(
    () => true,
    () => false,
  );

const BY_USAGE = (tokens: number) => () => ({ input: TEXT_TOKENS, output: tokens });
/** The whole input, and the audio that was relayed. */
const RELAYED = (tokens: number) => (script: Script) => ({ input: inputBoundOf(script), output: tokens });

describe("speech of a model priced by tokens", () => {
  it.each<[string, Script, boolean, (script: Script) => { input: number; output: number }]>([
    ["that finished costs its usage", { tokens: 40 }, true, BY_USAGE(40)],
    ["that comes in pieces costs its usage", { tokens: 10, split: 61 }, true, BY_USAGE(10)],
    ["without usage costs what was relayed", { tokens: 40, no_usage: true }, true, RELAYED(40)],
    ["that broke off costs what was relayed", { tokens: 40, cut_after: 20 }, false, RELAYED(20)],
    ["that failed in the middle costs what was relayed", { tokens: 40, error_after: 20 }, false, RELAYED(20)],
    ["that fell silent costs what was relayed", { tokens: 40, stall_after: 20 }, false, RELAYED(20)],
  ])("%s", async (_, script, complete, cost) => {
    const { input, output } = cost(script);
    const spent = { tokens: input + output, requests: 1, reserved: 0, usd: usdOf(input, output) };
    const speak = async (format: string) => {
      const user = await createUser();
      const response = await user.post(PATH, bodyOf(script, { response_format: format }));
      expect(response.status).toBe(200);
      expect(await isComplete(response)).toBe(complete);
      expect(await spendingOf(user)).toEqual(spent);
    };
    await Promise.all([speak("mp3"), speak("pcm")]);
  });

  it.each<[string, Script, number]>([
    ["failed with its first event", { tokens: 40, error_after: 0 }, 502],
    ["was refused", { status: 400 }, 400],
    ["met an overloaded provider", { status: 503 }, 503],
  ])("that %s costs a request, and has a real status", async (_, script, status) => {
    const user = await createUser();
    const response = await user.post(PATH, bodyOf(script));
    expect(response.status).toBe(status);
    await errorOf(response);
    expect(await spendingOf(user)).toEqual({ tokens: 0, requests: 1, reserved: 0, usd: 0 });
  });

  it("that does not begin costs what could have been generated", async () => {
    const user = await createUser();
    const script = { tokens: 40, first_ms: 5000 };
    const response = await user.post(PATH, bodyOf(script));
    expect(response.status).toBe(504);
    const { tokens } = await spendingOf(user);
    // The tests' cards generate a token a second.
    expect(tokens - inputBoundOf(script)).toBeGreaterThanOrEqual(1);
    expect(tokens - inputBoundOf(script)).toBeLessThan(20);
  });

  it.each(["mp3", "opus", "aac", "flac", "wav", "pcm"])("ends at its ceiling, and costs it (%s)", async (format) => {
    const user = await createUser();
    const script = { tokens: 3000 };
    const body = bodyOf(script, { response_format: format });
    const response = await user.post(PATH, body);
    const ceiling = Number(response.headers.get("weir-max-output-tokens"));
    expect(ceiling).toBeLessThan(1000);
    expect(await isComplete(response)).toBe(true);
    const input = inputBoundOf(script);
    const spent = { tokens: input + ceiling, requests: 1, reserved: 0, usd: usdOf(input, ceiling) };
    expect(await spendingOf(user)).toEqual(spent);
    // The provider was cancelled.
    expect(await emulation.idle()).toMatchObject({ cancelled: 1, completed: 0 });
  });

  it("is cancelled when its caller leaves, who pays what was relayed", async () => {
    const user = await createUser();
    const script = { tokens: 500, delay_ms: 5 };
    const control = new AbortController();
    const response = await user.post(PATH, bodyOf(script, { response_format: "pcm" }), { signal: control.signal });
    await response.body?.getReader().read();
    control.abort();
    const { tokens, requests, reserved } = await spendingOf(user);
    expect([requests, reserved]).toEqual([1, 0]);
    expect(tokens).toBeGreaterThan(inputBoundOf(script));
    expect(tokens).toBeLessThan(inputBoundOf(script) + 500);
    const { billed } = await emulation.idle();
    expect(tokens).toBeGreaterThanOrEqual(billed.input + billed.output);
    expect(await emulation.stats()).toMatchObject({ cancelled: 1 });
  });
});

describe("speech in events", () => {
  it("ends with an event about a failure, and costs what was relayed", async () => {
    const user = await createUser();
    const script = { tokens: 40, error_after: 20 };
    const response = await user.post(PATH, bodyOf(script, { stream_format: "sse" }));
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const events = (await response.text()).trim().split("\n\n");
    expect(events).toHaveLength(21);
    expect(events.at(-1)).toMatch(/^data: \{"type":"error","error":\{"message":"The model failed/);
    expect(await user.settled()).toEqual({ tokens: inputBoundOf(script) + 20, requests: 1, reserved: 0 });
  });

  it("ends with an event about its ceiling", async () => {
    const user = await createUser();
    const response = await user.post(PATH, bodyOf({ tokens: 3000 }, { stream_format: "sse" }));
    const ending = `data: {"type":"speech.audio.done","incomplete_details":{"reason":"max_output_tokens"}}\n\n`;
    expect((await response.text()).endsWith(ending)).toBe(true);
    expect(await emulation.idle()).toMatchObject({ cancelled: 1 });
  });

  it("fails with an event when keep-alives have started the response", async () => {
    await useCatalog(createDollarCatalog(100, { ...TIMING, keep_alive_ms: 20 }));
    const user = await createUser();
    const response = await user.post(PATH, bodyOf({ tokens: 40, first_ms: 5000 }, { stream_format: "sse" }));
    await useCatalog(createDollarCatalog(100, TIMING));
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/^(:\n\n)+data: \{"type":"error","error":\{.*"provider_timeout"\}\}\n\n$/);
  });
});

const ask = (script: Script) => bodyOf(script, { model: "tts-1" });

describe("speech of a model priced by characters", () => {
  const CHARACTER_RATE = 15_000;

  it.each<[string, Script, boolean]>([
    ["finished", { tokens: 40 }, true],
    ["broke off", { tokens: 40, cut_after: 20 }, false],
    ["fell silent", { tokens: 40, stall_after: 20 }, false],
  ])("that %s costs its characters", async (_, script, complete) => {
    const user = await createUser();
    const response = await user.post(PATH, ask(script));
    expect(response.headers.get("content-type")).toBe("audio/mpeg");
    expect(await isComplete(response)).toBe(complete);
    const usd = (inputOf(script).length * CHARACTER_RATE) / 1e9;
    expect(await spendingOf(user)).toEqual({ tokens: inputBoundOf(script), requests: 1, reserved: 0, usd });
  });

  it("whose caller left costs its characters, which the provider bills too", async () => {
    const user = await createUser();
    const script = { tokens: 500, delay_ms: 5 };
    const control = new AbortController();
    const input = `${inputOf(script)} emulate-bill-left`;
    const response = await user.post(PATH, { ...ask(script), input }, { signal: control.signal });
    await response.body?.getReader().read();
    control.abort();
    expect(await spendingOf(user)).toMatchObject({ requests: 1, usd: (input.length * CHARACTER_RATE) / 1e9 });
    await emulation.idle();
    expect(await emulation.billed("left")).toMatchObject([{ characters: input.length, output: 0 }]);
  });

  it.each([400, 503])("that was refused with %i costs a request", async (status) => {
    const user = await createUser();
    const response = await user.post(PATH, ask({ status }));
    expect(response.status).toBe(status);
    expect(await spendingOf(user)).toEqual({ tokens: 0, requests: 1, reserved: 0, usd: 0 });
  });
});
