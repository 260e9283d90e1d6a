import { describe, expect, it, beforeEach } from "vitest";
import { createCatalog, createCatalogOf } from "../support/catalog.ts";
import type { Stats } from "../support/emulation.ts";
import { readEvents } from "../support/events.ts";
import { repeatUntil } from "../support/repeat.ts";
import { ask, OPENAI, PACES, PLAIN, SLIM } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const LONG = { max_output_tokens: 60_000 };
/** So long that no buffer on the way holds it. */
const HUGE = { tokens: 40_000, reasoning: 0 };

/** The totals once the provider has been asked for nothing more for a while. */
function heldUp(): Promise<Stats> {
  let before = 0;
  let unchanged = 0;
  return repeatUntil(emulation.stats, ({ tokens_out: produced }) => {
    unchanged = produced > 0 && produced === before ? unchanged + 1 : 0;
    before = produced;
    return unchanged === 50;
  });
}

/** The text of a slim answer, and in how many events it came. */
function slimTextOf(text: string) {
  const parts = readEvents(text).filter(({ name }) => name === "text");
  return { said: parts.map(({ data }) => JSON.parse(data) as string).join(""), events: parts.length };
}

beforeEach(async () => {
  await useCatalog(createCatalogOf(LONG));
  await emulation.zero();
});

describe("a slim answer of a fast provider", () => {
  it("comes in few events, with all of its text once and in order", async () => {
    const user = await createUser();
    const whole = await ask(user, SLIM, { tokens: 3000 }, false);
    const { text: expected } = (await whole.json()) as { text: string };
    const text = await (await ask(user, SLIM, { tokens: 3000 })).text();
    const { said, events } = slimTextOf(text);
    expect(said).toBe(expected);
    expect(events).toBeLessThan(300);
    expect(SLIM.failure(text)).toBeUndefined();
  });

  it("that is cut at every byte is the same", async () => {
    const user = await createUser();
    const script = { text: "Ein Wehr: 🦫🌊 堰 e\u0301" };
    const text = await (await ask(user, SLIM, { ...script, split: 1 })).text();
    expect(slimTextOf(text).said).toBe(script.text);
    expect((await user.settled()).tokens).toBe(SLIM.tokens(text, true));
  });
});

describe.each([
  [SLIM.path, SLIM],
  [`${PLAIN.path} without usage`, PLAIN],
])("a caller of %s who does not read", (_, surface) => {
  it("holds the provider up, and gets everything when reading on", async () => {
    await useCatalog(createCatalogOf(LONG, { coalesce_ms: 5 }));
    const user = await createUser();
    const response = await ask(user, surface, HUGE);
    const { tokens_out: produced, active } = await heldUp();
    expect(active).toBe(1);
    expect(produced).toBeLessThan(20_000);
    const text = await response.text();
    expect(surface.failure(text)).toBeUndefined();
    expect(await emulation.idle()).toMatchObject({ tokens_out: 40_000, completed: 1 });
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    if (surface === SLIM) expect(tokens).toBe(SLIM.tokens(text, true));
    else expect(tokens).toBeGreaterThan(40_000);
  }, 30_000);
});

describe.each(PACES)("a caller of %s", (_, surface) => {
  it("who never reads is settled when time is up, and the connection is cut", async () => {
    await useCatalog(createCatalog({ total_ms: 150 }));
    const user = await createUser();
    const response = await ask(user, surface, { tokens: 2000, delay_ms: 5 });
    expect(response.status).toBe(200);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1 });
    const seen = await response.text().catch(() => "cut");
    expect(() => surface.failure(seen)).toThrow("unfinished");
  });

  it.each([
    ["in the middle", { tokens: 5000, delay_ms: 5 }],
    ["in the middle of a fast answer", HUGE],
    ["while the provider is silent", { tokens: 50, stall_after: 5 }],
  ])("who leaves %s is settled, and the provider is told to stop", async (_when, script) => {
    const user = await createUser();
    const response = await ask(user, surface, script);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1, completed: 0 });
  });

  it("who leaves without having read anything is settled, and the provider is told to stop", async () => {
    const user = await createUser();
    const response = await ask(user, surface, { tokens: 5000, delay_ms: 5 });
    await response.body?.cancel();
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1, completed: 0 });
  });
});

describe(`a caller of ${OPENAI.path} who does not read for longer than a provider may be silent`, () => {
  // Silence is looked at once a second.
  const IDLE_MS = 250;
  const LONGER = { tokens: 1, first_ms: 1000 + 5 * IDLE_MS };

  it.each([
    ["fast", HUGE],
    ["slow", { tokens: 300, delay_ms: 5, reasoning: 0 }],
  ])(
    "gets all of a %s answer when reading on",
    async (_pace, script) => {
      await useCatalog(createCatalogOf(LONG, { idle_ms: IDLE_MS }));
      const user = await createUser();
      const response = await ask(user, OPENAI, script);
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      let text = (await reader?.read())?.value ?? "";
      // So long another answer takes.
      await (await ask(await createUser(), OPENAI, LONGER)).text();
      for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) text += part.value;
      expect(OPENAI.failure(text)).toBeUndefined();
      expect(readEvents(text).length).toBeGreaterThan(script.tokens);
      expect(await user.settled()).toEqual({ tokens: OPENAI.tokens(text, true), requests: 1, reserved: 0 });
      expect(await emulation.idle()).toMatchObject({ requests: 2, completed: 2 });
    },
    30_000,
  );
});

it("a silent provider of a native stream fails it, after what came and without comments", async () => {
  await useCatalog(createCatalog({ idle_ms: 60, keep_alive_ms: 10 }));
  const user = await createUser();
  const text = await (await ask(user, OPENAI, { tokens: 50, stall_after: 5 })).text();
  expect(OPENAI.failure(text)).toMatchObject({ code: "provider_timeout" });
  expect(readEvents(text)).toHaveLength(7);
  expect(text.split("\n").filter((line) => line.startsWith(":"))).toEqual([]);
});
