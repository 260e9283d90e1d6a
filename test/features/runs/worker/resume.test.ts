// uses: slim-chat
// A reader that was cut anywhere gets the rest: no text is lost, and none comes twice.

import { evictDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../../../support/caller.ts";
import { chunk, DONE, finishChunk, textChunk, usageChunk } from "../../../support/chat-chunks.ts";
import { emulate } from "../../../support/emulation.ts";
import { ALIAS, createSturdyCatalog, SECOND } from "../../../support/fallbacks.ts";
import { streamOf } from "../../../support/providers.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { emulation, useCatalog } from "../../../support/workerd.ts";
import { largeCatalog } from "../support/large-answers.ts";
import type { ReceivedEvent } from "../support/run-events.ts";
import { closingOf, joined, lastIdOf, openReader, readRunEvents, saidIn, transcriptOf } from "../support/run-events.ts";
import {
  chatsAsked,
  createRunUser,
  eventsOf,
  newKey,
  runsCatalog,
  scripted,
  useProvider,
  writeProvider,
} from "../support/run-user.ts";

const TEXTS = ["Ein Wehr", ": ", "🦫🌊", ' 堰 "', 'e\u0301"\n', "\\u0041", "\u2028\u0085", " end"];

beforeEach(async () => {
  await useCatalog(runsCatalog());
  await emulation.zero();
});

it("a live run is resumed exactly after every event, by many devices, also when it is cut again and again", async () => {
  const user = await createRunUser();
  const key = newKey();
  const { write, end } = await writeProvider(user);
  const first = user.start(key, { input: "What is a weir?" });
  const opened: { had: ReceivedEvent[]; reader: ReturnType<typeof openReader> }[] = [];
  let whole: ReturnType<typeof openReader> | undefined;
  for (const [index, text] of TEXTS.entries()) {
    await write(textChunk(text));
    whole ??= openReader(await first);
    await whole.until(index + 1);
    // One device has seen all but the last event, and is cut at this one. It is cut again before any new event.
    const had = whole.events().slice(0, index);
    const cut = openReader(await user.resume(key, index));
    const next = await cut.until(index + 1);
    await cut.cut();
    const idle = openReader(await user.resume(key, index + 1));
    await idle.cut();
    expect(idle.events()).toEqual([]);
    opened.push({ had: [...had, ...next], reader: openReader(await user.resume(key, index + 1)) });
    // Another device has seen nothing, and a third one is far behind.
    opened.push({ had: [], reader: openReader(await user.resume(key)) });
    opened.push({ had: had.slice(0, 2), reader: openReader(await user.resume(key, Math.min(2, index))) });
  }
  await write(finishChunk(), usageChunk(7, 9), DONE);
  await end();
  const events = (await whole?.rest()) ?? [];
  expect([saidIn(events), lastIdOf(events)]).toEqual([TEXTS.join(""), TEXTS.length + 1]);
  for (const { had, reader } of opened) expect(joined(had, await reader.rest())).toBe(transcriptOf(events));
  expect(await user.settled()).toEqual({ tokens: 16, requests: 1, reserved: 0 });
});

it("an ended run is resumed exactly after a cut at every byte, from memory and from storage", async () => {
  const user = await createRunUser();
  const key = newKey();
  const { write, end } = await writeProvider(user);
  const first = user.start(key, { input: "What is a weir?" });
  const call = { index: 0, id: "call_1", function: { name: "look", arguments: '{"at":"堰"}' } };
  let reader: ReturnType<typeof openReader> | undefined;
  for (const [index, text] of TEXTS.entries()) {
    await write(textChunk(text));
    reader ??= openReader(await first);
    await reader.until(index + 1);
  }
  await write(chunk({ tool_calls: [call] }), finishChunk("tool_calls"), usageChunk(7, 9), DONE);
  await end();
  const events = (await reader?.rest()) ?? [];
  expect(events.map(({ name }) => name).slice(-2)).toEqual(["tool", "done"]);
  const bytes = new TextEncoder().encode(reader?.text());
  const received = Array.from(bytes, (_, length) => readRunEvents(new TextDecoder().decode(bytes.slice(0, length))));
  expect(new Set(received.map(lastIdOf)).size).toBe(events.length);
  for (const isEvicted of [false, true]) {
    if (isEvicted) await evictDurableObject(user.object());
    const rests = new Map<number, ReceivedEvent[]>();
    for (const { id } of [{ id: 0 }, ...events.slice(0, -1)]) rests.set(id, await eventsOf(await user.resume(key, id)));
    const resumed = received.map((had) => joined(had, rests.get(lastIdOf(had)) ?? []));
    expect(new Set(resumed)).toEqual(new Set([transcriptOf(events)]));
    // An EventSource stops at a 204.
    const over = await user.resume(key, lastIdOf(events));
    expect([over.status, await over.text()]).toEqual([204, ""]);
    expect((await user.get(`/chat/${key}?after=${lastIdOf(events)}`)).status).toBe(204);
  }
});

async function expectWrongId(response: Response): Promise<void> {
  expect([response.status, (await errorOf(response)).code]).toEqual([400, "invalid_last_event_id"]);
}

it("an event id that the run cannot have is a 400, while it runs and afterwards", async () => {
  const user = await createRunUser();
  const key = newKey();
  const reader = openReader(await user.start(key, scripted({ tokens: 5, stall_after: 2 })));
  await reader.until(1);
  const wrong = ["-1", "1.5", "99999999", "", "1, 2", "one", " ", "1e1", "400"];
  for (let round = 0; round < 2; round++) {
    for (const id of wrong) await expectWrongId(await user.resume(key, id));
    await expectWrongId(await user.get(`/chat/${key}?after=1&after=2`));
    await user.cancel(key);
  }
  expect(closingOf(await reader.rest())).toMatchObject({ finish: "cancelled" });
  // The request starts nothing: the text before that event is gone.
  await expectWrongId(await user.start(newKey(), scripted({ tokens: 5 }), { "last-event-id": "3" }));
  expect([await chatsAsked(), (await user.settled()).requests]).toEqual([1, 1]);
});

describe("a caller who leaves an alias whose `on_leave` is `cancel`", () => {
  const body = scripted({ tokens: 9, reasoning: 4, delay_ms: 1, first_ms: 10 });

  beforeEach(async () => {
    const catalog = runsCatalog();
    const { default: alias } = catalog.aliases;
    await useCatalog({ ...catalog, aliases: { ...catalog.aliases, default: { ...alias, on_leave: "cancel" } } });
  });

  it.each([
    ["before the response", 0],
    ["after the first event", 1],
    ["at the last event", Infinity],
  ])("%s is charged the usage, and finds the whole answer later", async (_when, events) => {
    const user = await createRunUser();
    const key = newKey();
    const control = new AbortController();
    const response = user.start(key, body, {}, { signal: control.signal });
    if (events === 0) {
      response.catch(() => undefined);
      await repeatUntil(emulation.stats, ({ requests }) => requests > 0);
      control.abort();
    } else {
      const reader = openReader(await response);
      await reader.until(events);
      await reader.cut();
    }
    const answer = await eventsOf(await user.resume(key));
    expect(closingOf(answer)).toMatchObject({ finish: "stop", usage: { output: 13 } });
    const { usage } = closingOf(answer);
    expect(await user.settled()).toEqual({ tokens: (usage?.input ?? NaN) + 13, requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, completed: 1 });
  });

  it("without a key cancels the answer", async () => {
    const user = await createRunUser();
    const reader = (await user.post("/chat", scripted({ tokens: 9, stall_after: 2 }))).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await user.settled();
    expect(await emulation.idle()).toMatchObject({ cancelled: 1 });
  });
});

describe("a large answer", () => {
  const PART = 40_000;
  /** Texts that differ, so that a lost or doubled part changes the answer. */
  const textsOf = (count: number, letter: string) =>
    Array.from({ length: count }, (_, index) => `${index}:`.padEnd(PART, letter));

  async function answerOf(parts: number, letter: string) {
    await useCatalog(largeCatalog());
    const user = await createRunUser();
    const key = newKey();
    const texts = textsOf(parts, letter);
    const answer = streamOf(...texts.map(textChunk), finishChunk(), usageChunk(7, 9), DONE);
    await useProvider(user, () => answer());
    return { user, key, texts, response: await user.start(key, { input: "Tell me all." }) };
  }

  it("is stored in parts, and resumed exactly", async () => {
    const { user, key, texts, response } = await answerOf(28, "é");
    const events = await eventsOf(response);
    expect(saidIn(events)).toBe(texts.join(""));
    const parts = await user.inside(({ storage }) => [...storage.kv.list({ prefix: "part:" })].length);
    expect(parts).toBeGreaterThan(7);
    await evictDurableObject(user.object());
    for (const after of [0, Math.floor(events.length / 2), events.length - 1]) {
      const had = events.slice(0, after);
      expect(joined(had, await eventsOf(await user.resume(key, lastIdOf(had))))).toBe(transcriptOf(events));
    }
    expect(await (await user.whole(key)).json()).toMatchObject({ text: texts.join(""), finish: "stop" });
  });

  it("that exceeds the log goes on, but cannot be read from its start", async () => {
    const { user, key, response } = await answerOf(106, "x");
    const reader = openReader(response);
    const events = await reader.rest();
    expect(lastIdOf(events)).toBeLessThan(9_999_999);
    expect(closingOf(events)).toMatchObject({ finish: "stop" });
    const late = await eventsOf(await user.resume(key));
    expect(closingOf(late)).toMatchObject({ error: { code: "run_too_large" } });
    const whole = await user.whole(key);
    expect([whole.status, (await errorOf(whole)).code]).toEqual([502, "run_too_large"]);
    expect(await user.settled()).toEqual({ tokens: 16, requests: 1, reserved: 0 });
  });
});

it("an answer that is not streamed survives its connection, and is read as the same JSON", async () => {
  const user = await createRunUser();
  const key = newKey();
  const body = { input: "Is it deep?", stream: false };
  const { write, begun, end } = await writeProvider(user);
  const control = new AbortController();
  const first = user.start(key, body, {}, { signal: control.signal });
  first.catch(() => undefined);
  await begun();
  await write(textChunk("It is "));
  control.abort();
  const running = await repeatUntil(
    async (): Promise<{ status: string; events: number }> => (await user.whole(key)).json(),
    ({ events }) => events > 0,
  );
  expect(running).toEqual({ status: "running", events: 1 });
  const waiting = user.start(key, body);
  await write(textChunk("deep."), finishChunk(), usageChunk(7, 3), DONE);
  await end();
  const answer: unknown = await (await waiting).json();
  expect(answer).toMatchObject({ text: "It is deep.", finish: "stop", usage: { input: 7, output: 3 } });
  const read = await user.whole(key);
  expect([read.status, await read.json()]).toEqual([200, answer]);
  expect(await user.settled()).toEqual({ tokens: 10, requests: 1, reserved: 0 });
});

it.each([
  ["an error in the middle", scripted({ tokens: 9, delay_ms: 1, error_after: 4 }), "provider_error"],
  ["a cut connection", scripted({ tokens: 9, delay_ms: 1, cut_after: 4 }), "provider_error"],
  ["silence", scripted({ tokens: 9, stall_after: 4 }), "provider_timeout"],
])("%s is the same failure live, on resume, and as JSON", async (_what, body, code) => {
  await useCatalog(runsCatalog({}, { idle_ms: 150 }));
  const user = await createRunUser();
  const key = newKey();
  const events = await eventsOf(await user.start(key, body));
  expect(closingOf(events)).toMatchObject({ error: { code } });
  expect(saidIn(events)).not.toBe("");
  const spent = await user.settled();
  expect(transcriptOf(await eventsOf(await user.resume(key)))).toBe(transcriptOf(events));
  expect(transcriptOf(await eventsOf(await user.start(key, body)))).toBe(transcriptOf(events));
  const whole = await user.whole(key);
  expect((await errorOf(whole)).code).toBe(code);
  expect(whole.status).toBe(code === "provider_error" ? 502 : 504);
  expect([await chatsAsked(), spent.requests, spent.reserved]).toEqual([1, 1, 0]);
  expect(await user.settled()).toEqual(spent);
});

it("a replay names the model that answered after a fallback, and all attempts", async () => {
  await useCatalog(createSturdyCatalog());
  const user = await createRunUser();
  const key = newKey();
  const name = key.replaceAll("-", "_");
  const script = emulate({ tokens: 3, reasoning: 0, status: 500, fault_times: 1 });
  const body = { model: ALIAS, input: `${script}\nemulate-bill-${name}` };
  const first = await user.start(key, body);
  const events = await eventsOf(first);
  const again = await user.start(key, body);
  expect(transcriptOf(await eventsOf(again))).toBe(transcriptOf(events));
  for (const { headers } of [first, again, await user.resume(key), await user.whole(key)]) {
    expect([headers.get("weir-model"), headers.get("weir-attempts")]).toEqual([SECOND, "2"]);
  }
  expect(await emulation.billed(name)).toHaveLength(2);
  const { usage } = closingOf(events);
  expect(await user.settled()).toEqual({ tokens: (usage?.input ?? NaN) + 3, requests: 1, reserved: 0 });
});

it("at most 32 connections read a run: each further one cuts the oldest, which can resume", async () => {
  const user = await createRunUser();
  const key = newKey();
  const { write, end } = await writeProvider(user);
  const first = user.start(key, { input: "Is it deep?" });
  await write(textChunk("It is "));
  const readers = [openReader(await first)];
  await readers[0]?.until(1);
  for (let count = 1; count < 40; count++) readers.push(openReader(await user.resume(key)));
  const cut = readers.slice(0, 8).map(async (reader) => expect(reader.rest()).rejects.toThrow());
  await Promise.all(cut);
  const resumed = openReader(await user.resume(key, 1));
  await write(textChunk("deep."), finishChunk(), usageChunk(7, 3), DONE);
  await end();
  const answers = await Promise.all(readers.slice(9).map((reader) => reader.rest()));
  const transcripts = new Set(answers.map(transcriptOf));
  expect([...transcripts]).toEqual([joined(readers[0]?.events() ?? [], await resumed.rest())]);
});
