// The attacks on the ledger over images, speech and recordings.

import { emulate } from "../test/support/emulation.ts";
import type { Row } from "./attack-rows.ts";

const LEAVES_MS = 400;

/** Longer than every deadline of the attacked catalog. */
const LATE = { first_ms: 8000 };

/** US dollars per million tokens of the prompt and of the image. */
const IMAGE_PRICES = { input: 5, output: 30 };
const image = (name: string, script: object, more: object = {}): Row => ({
  name,
  path: "/v1/images/generations",
  body: { model: "gpt-image-2", prompt: `${emulate(script)}\nA low wall in a river`, ...more },
  prices: IMAGE_PRICES,
});

const SPEECH_PRICES = { input: 0.6, output: 12 };
const speech = (name: string, script: object, more: object = {}): Row => ({
  name,
  path: "/v1/audio/speech",
  body: {
    model: "gpt-4o-mini-tts",
    voice: "alloy",
    input: `${emulate(script)}\n${"A low wall. ".repeat(80)}`,
    ...more,
  },
  prices: SPEECH_PRICES,
});
/** The highest speed that the card allows. */
const SPEAKS = { tokens: 2000, delay_ms: 4 };

const RECORDING_PRICES = { input: 3, output: 5 };
const recording = (name: string, script: object, more: Record<string, string> = {}): Row => {
  const body = new FormData();
  body.append("file", new Blob([silentWav(10)], { type: "audio/wav" }), "silence.wav");
  const fields = { model: "gpt-4o-mini-transcribe", prompt: emulate(script), ...more };
  for (const [field, value] of Object.entries(fields)) body.append(field, value);
  return { name, path: "/v1/audio/transcriptions", body, prices: RECORDING_PRICES };
};

/** Seconds of 16-bit mono silence at 8 kHz. */
export function silentWav(seconds: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44 + seconds * 16_000);
  const view = new DataView(bytes.buffer);
  const write = (at: number, text: string) => new TextEncoder().encodeInto(text, bytes.subarray(at));
  write(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 8000, true);
  view.setUint32(28, 16_000, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, bytes.length - 44, true);
  return bytes;
}

const leave = (row: Row): Row => ({ ...row, leavesMs: LEAVES_MS });
const STREAM = { stream: true, partial_images: 3 };

export const MEDIA_ROWS: Row[] = [
  leave(image("left, an image", LATE)),
  leave(image("left, a stream of images", { delay_ms: 1000 }, STREAM)),
  image("a deadline: an image", LATE),
  image("an image without usage, four at once", { no_usage: true }, { n: 4, quality: "high" }),
  leave(speech("left while it speaks", SPEAKS)),
  leave(speech("left while it speaks, opus", SPEAKS, { response_format: "opus" })),
  speech("a deadline: speech", SPEAKS),
  leave(recording("left while it transcribes", { tokens: 1000, delay_ms: 4 }, { stream: "true" })),
  recording("a transcript without usage", { tokens: 400, no_usage: true }),
  recording("a recording that hides ten minutes", { audio_seconds: 600 }),
];
