// Subtitles that Weir makes: times, and text that could end a cue.

import { expect, it } from "vitest";
import { MADE_FORMATS } from "../../../../src/features/transcription/transcript-format.ts";

const segments = [
  { start: 0, end: 1.0004, text: " A weir\n\nis a --> wall. " },
  { start: 59.9996, end: 3661.5, text: "In a river." },
];
const transcript = { text: "", segments, duration: 3661.5, usage: undefined };

it("SRT has numbers and commas", () => {
  expect(MADE_FORMATS.srt.write(transcript)).toBe(
    "1\n00:00:00,000 --> 00:00:01,000\nA weir\nis a -> wall.\n\n2\n00:01:00,000 --> 01:01:01,500\nIn a river.\n\n",
  );
});

it("WebVTT has a head and points", () => {
  expect(MADE_FORMATS.vtt.write({ ...transcript, segments: segments.slice(1) })).toBe(
    "WEBVTT\n\n00:01:00.000 --> 01:01:01.500\nIn a river.\n\n",
  );
});

it("both are empty without speech", () => {
  const silent = { ...transcript, segments: null };
  expect([MADE_FORMATS.srt.write(silent), MADE_FORMATS.vtt.write(silent)]).toEqual(["", "WEBVTT\n\n"]);
});

it("JSON has the duration as usage when the provider reports none", () => {
  expect(JSON.parse(MADE_FORMATS.json.write(transcript))).toEqual({
    text: "",
    usage: { type: "duration", seconds: 3662 },
  });
});
