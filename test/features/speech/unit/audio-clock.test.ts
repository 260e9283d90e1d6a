// The clock of audio: the duration of every format, however it is cut.

import { describe, expect, it } from "vitest";
import { createAudio } from "../../../../dev/provider/speech/audio.ts";
import { toBinaryFrames } from "../../../../dev/provider/speech/frames.ts";
import { createAudioClock } from "../../../../src/features/speech/audio-clock.ts";
import { SPEECH_FORMATS, type SpeechFormat } from "../../../../src/features/speech/request.ts";
import { cutAt, singleBytes } from "../../../support/stream-cuts.ts";

const secondsOf = (format: SpeechFormat, pieces: Uint8Array[]) => {
  const clock = createAudioClock(format);
  for (const piece of pieces) clock.push(piece);
  return clock.seconds();
};

/** The audio of a number of tokens, 50 ms each. */
function audioOf(format: SpeechFormat, tokens: number): Uint8Array {
  const { token } = toBinaryFrames(createAudio(format, tokens), tokens);
  return Buffer.concat(Array.from({ length: tokens }, (_, index) => token(index) as Uint8Array));
}

/** A page of Ogg with a packet of three bytes, whose audio ends at a position. */
function pageAt(position: number): Uint8Array {
  const bytes = new Uint8Array(28 + 3);
  bytes.set(new TextEncoder().encode("OggS"));
  new DataView(bytes.buffer).setUint32(6, position, true);
  bytes.set([1, 3, 0xf8, 0xff, 0xfe], 26);
  return bytes;
}

describe("the duration", () => {
  it.each(SPEECH_FORMATS)("of %s is that of its frames", (format) => {
    const audio = audioOf(format, 12);
    const thirds = cutAt(audio, [Math.floor(audio.length / 3), Math.floor(audio.length / 1.5)]);
    for (const pieces of [[audio], thirds, singleBytes(audio)]) {
      // A frame can end in the next token.
      expect(secondsOf(format, pieces)).toBeGreaterThan(0.55);
      expect(secondsOf(format, pieces)).toBeLessThan(0.61);
    }
  });

  it("of compressed silence does not follow from its bytes", () => {
    // 20 s of silence, as ffmpeg writes it: three bytes for each 20 ms.
    const pages = Array.from({ length: 1001 }, (_, index) => pageAt(index * 960));
    expect(secondsOf("opus", pages)).toBe(20);
  });

  it("of mp3 skips a tag before the first frame", () => {
    const tag = new TextEncoder().encode("ID3 a title and an artist");
    expect(secondsOf("mp3", [tag, audioOf("mp3", 40)])).toBeCloseTo(2, 1);
  });

  it("of bytes in another format is at least that of the lowest bit rate", () => {
    const noise = new Uint8Array(24_000).fill(7);
    expect(SPEECH_FORMATS.map((format) => secondsOf(format, [noise]))).toEqual([3, 8, 6, 2, 0.5, 0.5]);
  });
});
