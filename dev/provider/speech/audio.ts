// Audible mono audio in six formats, token by token: 50 ms each.
// pcm, wav and flac have the babble of voice.ts. mp3, aac and opus repeat one encoded frame of a tone.
import { concatBytes } from "../../../src/core/relay/byte-buffers.ts";
import { flacFrame, flacHead, oggPage, SAMPLE_BYTES, SAMPLE_RATE, wavHead } from "./containers.ts";
import type { AudioFormat } from "./parameters.ts";
import { AAC_FRAME, MP3_FRAME, OPUS_HEAD, OPUS_PACKET, OPUS_TAGS } from "./tones.ts";
import { sampleAt } from "./voice.ts";

export interface Audio {
  head: Uint8Array;
  /** The audio of a token. */
  token: (position: number) => Uint8Array;
}

const TOKEN_MS = 50;
const TOKEN_SAMPLES = (SAMPLE_RATE * TOKEN_MS) / 1000;

const NO_BYTES = new Uint8Array(0);

/** Creates the audio of an answer of that many tokens. */
export function createAudio(format: AudioFormat, tokens: number): Audio {
  switch (format) {
    case "pcm":
      return { head: NO_BYTES, token: (position) => samplesOf(position, true) };
    case "wav":
      return { head: wavHead(tokens * TOKEN_SAMPLES * SAMPLE_BYTES), token: (position) => samplesOf(position, true) };
    case "flac":
      return {
        head: flacHead(TOKEN_SAMPLES),
        token: (position) => flacFrame(position, samplesOf(position, false)),
      };
    case "mp3":
      return { head: NO_BYTES, token: repeat(MP3_FRAME, 24) };
    case "aac":
      return { head: NO_BYTES, token: repeat(AAC_FRAME, (1024 / SAMPLE_RATE) * 1000) };
    case "opus":
      return { head: concatBytes([oggPage(0, 0, 2, OPUS_HEAD), oggPage(1, 0, 0, OPUS_TAGS)]), token: opusPages };
  }
}

function samplesOf(position: number, isLittleEndian: boolean): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(TOKEN_SAMPLES * SAMPLE_BYTES));
  for (let index = 0; index < TOKEN_SAMPLES; index++) {
    const sample = sampleAt((position * TOKEN_SAMPLES + index) / SAMPLE_RATE);
    bytes.setInt16(index * SAMPLE_BYTES, sample * 0x7fff, isLittleEndian);
  }
  return new Uint8Array(bytes.buffer);
}

/** Repeats a frame so often that the audio is as long as its tokens. */
function repeat(frame: Uint8Array, frameMs: number): Audio["token"] {
  const framesUntil = (position: number) => Math.floor((position * TOKEN_MS) / frameMs);
  return (position) =>
    concatBytes(Array.from({ length: framesUntil(position + 1) - framesUntil(position) }, () => frame));
}

const OPUS_PACKET_MS = 10;
const OPUS_MS_SAMPLES = 48;
const OPUS_PACKETS = TOKEN_MS / OPUS_PACKET_MS;

/** A page with the packets of one token. */
function opusPages(position: number): Uint8Array {
  const packets = Array.from({ length: OPUS_PACKETS }, () => OPUS_PACKET);
  return oggPage(position + 2, (position + 1) * TOKEN_MS * OPUS_MS_SAMPLES, 0, ...packets);
}
