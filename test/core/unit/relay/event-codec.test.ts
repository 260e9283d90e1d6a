// The decoder from bytes to events, and the codec around it: order, faults, and events after the end.

import { expect, it } from "vitest";
import type { StreamEvent } from "../../../../src/core/relay/codec.ts";
import { emptyProgress } from "../../../../src/core/relay/answer.ts";
import { createDecodingCodec, createEventDecoder } from "../../../../src/core/relay/event-codec.ts";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { chunk, DONE, finishChunk, fromUtf8, sse, textChunk, toUtf8 } from "../../../support/chat-chunks.ts";
import { createTextCodec } from "../../support/relay-codecs.ts";

/** A decoder, the events that it passed on, and the progress at each of them. */
function createDecoder() {
  const progress = emptyProgress();
  const events: StreamEvent[] = [];
  const bytesAt: number[] = [];
  const { push } = createEventDecoder(chatDialect, progress, (event) => {
    events.push(event);
    bytesAt.push(progress.outputBytes);
  });
  return { progress, events, bytesAt, read: (text: string) => push(toUtf8(text)) };
}

it("an event has its text, its JSON and its pieces, which are applied before it is passed on", () => {
  const { events, bytesAt, read } = createDecoder();
  read(textChunk("Hel") + textChunk("lo"));
  expect(events).toMatchObject([
    { raw: textChunk("Hel"), pieces: [{ kind: "text", text: "Hel" }], json: { choices: [{ index: 0 }] } },
    { raw: textChunk("lo"), pieces: [{ kind: "text", text: "lo" }] },
  ]);
  expect(bytesAt).toEqual([3, 5]);
});

it("a comment is passed on without pieces, and only an event starts the answer", () => {
  const { progress, events, read } = createDecoder();
  read(": processing\n\n");
  expect(events).toEqual([{ raw: ": processing\n\n", pieces: [], json: undefined }]);
  expect(progress.heard).toBe(false);
  read(chunk({}));
  expect(events[1]?.pieces).toEqual([]);
  expect(progress.heard).toBe(true);
});

it.each(["data:\n\n", "data: \n\n", "data:\ndata:\n\n", "event: ping\ndata:\n\n", "event: ping\n\n", "id: 1\n\n"])(
  "an event without data says nothing, also as the first: %j",
  (empty) => {
    const { progress, events, read } = createDecoder();
    read(empty);
    expect(progress.heard).toBe(false);
    read(textChunk("Hel") + empty + textChunk("lo"));
    // An empty data line is not passed on, because some clients fail on it.
    const [empties, texts] = [events.filter(({ json }) => !json), events.filter(({ json }) => json)];
    expect(texts.map(({ pieces }) => pieces.length)).toEqual([1, 1]);
    expect(empties.map(({ raw }) => raw)).toEqual(/data|event/.test(empty) ? [] : [empty, empty]);
    expect(progress.outputBytes).toBe(5);
  },
);

it("events before an invalid one are passed on, and counted, although reading throws", () => {
  const { progress, events, read } = createDecoder();
  expect(() => read(textChunk("Hel") + sse("<html>") + textChunk("lo"))).toThrow();
  expect(events.map(({ raw }) => raw)).toEqual([textChunk("Hel")]);
  expect(progress).toMatchObject({ heard: true, outputBytes: 3, ended: false });
});

it("events after the end mark are dropped, in the same read and in later ones", () => {
  const { progress, events, read } = createDecoder();
  read(finishChunk() + DONE + textChunk("more"));
  read(textChunk("and more") + sse("<html>"));
  expect(events.map(({ raw }) => raw)).toEqual([finishChunk(), DONE]);
  expect(progress).toMatchObject({ outputBytes: 0, finish: "stop", ended: true });
});

it("the codec sends what its event codec wrote before an invalid event", () => {
  const codec = createTextCodec();
  expect(() => codec.push(toUtf8(textChunk("Hel") + sse("<html>")))).toThrow();
  expect(fromUtf8(codec.take())).toBe('data:"Hel"\n\n');
  expect(codec.progress.outputBytes).toBe(3);
});

it("the codec gives its event codec the progress", () => {
  let given: unknown;
  const codec = createDecodingCodec(chatDialect, (progress) => {
    given = progress;
    return { ...createTextCodec(), pace: "at once", push: () => undefined };
  });
  expect(given).toBe(codec.progress);
  expect(codec.pace).toBe("at once");
});
