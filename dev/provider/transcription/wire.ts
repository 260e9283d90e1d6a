// OpenAI's formats of a transcript: JSON with and without segments, text, subtitles and events.
import type { Frames } from "../kernel/delivery/paced-stream.ts";
import { SERVER_ERROR } from "../kernel/faults.ts";

export interface Transcript {
  task: "transcribe" | "translate";
  pieces: string[];
  seconds: number;
  inputTokens: number;
  usage: object | undefined;
  hasUsageInJson: boolean;
  hasDuration: boolean;
  granularities: string[];
  logprobs: boolean;
  languages: string[] | undefined;
}

const PIECES_PER_SEGMENT = 12;

interface Segment {
  start: number;
  end: number;
  text: string;
}

/** Returns the transcript as `json` or `verbose_json`. */
export function toTranscript(transcript: Transcript, format: "json" | "verbose_json"): object {
  const { task, pieces, seconds, usage, hasUsageInJson, hasDuration, granularities, logprobs } = transcript;
  const text = pieces.join("");
  if (format === "json") {
    return {
      text,
      ...toLanguages(transcript),
      ...(logprobs && { logprobs: toLogprobs(pieces) }),
      ...(usage && hasUsageInJson && { usage }),
    };
  }
  const wantsWords = granularities.includes("word");
  const wantsSegments = !wantsWords || granularities.includes("segment");
  return {
    task,
    language: "english",
    ...(hasDuration && { duration: round(seconds) }),
    text,
    ...(wantsSegments && { segments: segmentsOf(transcript).map(toVerboseSegment) }),
    ...(wantsWords && { words: wordsOf(transcript) }),
    ...(usage && { usage }),
  };
}

/** Returns the transcript as `text`, `srt` or `vtt`. */
export function toText(transcript: Transcript, format: string): string {
  if (format === "text") return `${transcript.pieces.join("")}\n`;
  const point = format === "srt" ? "," : ".";
  const cues = segmentsOf(transcript).map(({ start, end, text }, index) => {
    const number = format === "srt" ? `${index + 1}\n` : "";
    return `${number}${toTime(start, point)} --> ${toTime(end, point)}\n${text.trim()}\n\n`;
  });
  return (format === "vtt" ? "WEBVTT\n\n" : "") + cues.join("");
}

/** Returns the events of a stream: one delta for each token, the whole text, and the end mark. */
export function toFrames(transcript: Transcript): Frames {
  const { pieces, usage, logprobs } = transcript;
  const listed = (some: string[]) => (logprobs ? { logprobs: toLogprobs(some) } : {});
  return {
    head: [],
    tokenCount: pieces.length,
    token(position) {
      const delta = pieces[position] ?? "";
      return event({ type: "transcript.text.delta", delta, ...listed([delta]) });
    },
    tail: [
      event({
        type: "transcript.text.done",
        text: pieces.join(""),
        ...toLanguages(transcript),
        ...listed(pieces),
        ...(usage && { usage }),
      }),
      "data: [DONE]\n\n",
    ],
    failure: () => event({ type: "error", error: SERVER_ERROR }),
  };
}

const event = (body: object) => `data: ${JSON.stringify(body)}\n\n`;

const toLanguages = ({ languages }: Transcript) =>
  languages === undefined ? {} : { languages: languages.map((code) => ({ code })) };

const toLogprobs = (pieces: string[]) =>
  pieces.map((token) => ({ token, logprob: -0.01, bytes: [...new TextEncoder().encode(token)] }));

function segmentsOf({ pieces, seconds }: Transcript): Segment[] {
  const starts = pieces.flatMap((_, index) => (index % PIECES_PER_SEGMENT === 0 ? [index] : []));
  const timeAt = (index: number) => round((seconds * Math.min(index, pieces.length)) / pieces.length);
  return starts.map((from) => ({
    start: timeAt(from),
    end: timeAt(from + PIECES_PER_SEGMENT),
    text: pieces.slice(from, from + PIECES_PER_SEGMENT).join(""),
  }));
}

const toVerboseSegment = ({ start, end, text }: Segment, id: number) => ({
  id,
  seek: 0,
  start,
  end,
  text,
  tokens: [50364],
  temperature: 0,
  avg_logprob: -0.28,
  compression_ratio: 1.2,
  no_speech_prob: 0.01,
});

function wordsOf({ pieces, seconds }: Transcript) {
  const timeAt = (index: number) => round((seconds * index) / pieces.length);
  return pieces.map((piece, index) => ({ word: piece.trim(), start: timeAt(index), end: timeAt(index + 1) }));
}

const round = (seconds: number) => Math.round(seconds * 100) / 100;

function toTime(seconds: number, point: string): string {
  const [time = "", ms = ""] = new Date(seconds * 1000).toISOString().slice(11, 23).split(".");
  return `${time}${point}${ms}`;
}
