// The transcript formats that Weir makes itself, so that the provider always reports the usage.

import type { WholeTranscript } from "./dialect.ts";

interface MadeTranscript {
  contentType: string;
  write(transcript: WholeTranscript): string;
}

export type MadeFormat = "json" | "text" | "srt" | "vtt" | "events";

/** OpenAI sends texts and subtitles with this type. */
const PLAIN_TEXT = "text/plain; charset=utf-8";

/** Writers of the formats. `json` is made from `verbose_json`. */
export const MADE_FORMATS: Record<MadeFormat, MadeTranscript> = {
  json: { contentType: "application/json", write: (transcript) => JSON.stringify(toJson(transcript)) },
  text: { contentType: PLAIN_TEXT, write: ({ text }) => `${text}\n` },
  srt: {
    contentType: PLAIN_TEXT,
    write: ({ segments }) => (segments ?? []).map((each, index) => `${index + 1}\n${toCue(each, ",")}`).join(""),
  },
  vtt: {
    contentType: PLAIN_TEXT,
    write: ({ segments }) => `WEBVTT\n\n${(segments ?? []).map((each) => toCue(each, ".")).join("")}`,
  },
  /** The events for a model that cannot stream: one delta has the whole text. */
  events: {
    contentType: "text/event-stream; charset=utf-8",
    write(transcript) {
      const { text, ...rest } = toJson(transcript);
      const events = [
        { type: "transcript.text.delta", delta: text },
        { type: "transcript.text.done", text, ...rest },
      ];
      return `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")}data: [DONE]\n\n`;
    },
  },
};

/** Returns the content of `json`. Without the provider's usage, the duration becomes the usage. */
function toJson({ text, usage, duration }: WholeTranscript) {
  const made = duration ? { type: "duration", seconds: Math.ceil(duration) } : undefined;
  return { text, usage: usage ?? made };
}

/** Writes a cue. Blank lines and arrows in the text would break it, so they are replaced. */
function toCue({ start, end, text }: { start: number; end: number; text: string }, point: "," | "."): string {
  const line = text
    .trim()
    .replaceAll(/\s*\n\s*/g, "\n")
    .replaceAll("-->", "->");
  return `${toTime(start, point)} --> ${toTime(end, point)}\n${line}\n\n`;
}

function toTime(seconds: number, point: "," | "."): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  return `${pad(ms / 3_600_000)}:${pad((ms / 60_000) % 60)}:${pad((ms / 1000) % 60)}${point}${pad(ms % 1000, 3)}`;
}

const pad = (value: number, length = 2) => String(Math.floor(value)).padStart(length, "0");
