// Durations of WAV files, with honest and with false headers.

import { expect, test } from "vitest";
import { measureAudio } from "../../../../src/features/transcription/audio/measure-audio.ts";
import { ascii, chunk, concatenate, wavFile, wavFormat } from "../support/audio-bytes.ts";

const SECOND = new Uint8Array(16_000);

const secondsOf = (bytes: Uint8Array) => {
  const measure = measureAudio(bytes);
  return measure.ok ? measure.seconds : measure.reason;
};

test.each([
  ["8 bits, mono", wavFormat({ rate: 16_000, bits: 8 }), 1],
  ["16 bits, mono", wavFormat({ rate: 8000, bits: 16 }), 1],
  ["16 bits, stereo", wavFormat({ rate: 16_000, channels: 2, bits: 16 }), 0.25],
  ["32 bits of float", wavFormat({ tag: 3, rate: 8000, bits: 32 }), 0.5],
  ["extensible PCM", wavFormat({ extensible: 1, rate: 8000, bits: 16, validBits: 16 }), 1],
  ["extensible PCM whose samples are padded", wavFormat({ extensible: 1, rate: 8000, bits: 32, validBits: 8 }), "pads"],
  ["an extensible format that is compressed", wavFormat({ extensible: 0x55, rate: 8000, bits: 16 }), "PCM nor float"],
  ["a compressed format", wavFormat({ tag: 0x11, rate: 8000, bits: 4 }), "PCM nor float"],
  ["a rate of zero", wavFormat({ rate: 0, bits: 16 }), "0 Hz"],
  ["a rate that is too high", wavFormat({ rate: 4_000_000_000, bits: 16 }), "Hz"],
  ["no channels", wavFormat({ rate: 8000, channels: 0, bits: 16 }), "0 channels"],
  ["12 bits", wavFormat({ rate: 8000, bits: 12 }), "PCM nor float"],
  ["a block size that contradicts the bits", wavFormat({ rate: 8000, bits: 16, blockSize: 4 }), "disagree"],
  ["a short format", chunk("fmt ", new Uint8Array(14)), "too short"],
])("A WAV file with %s is measured or refused", (_, format, expected) => {
  const seconds = secondsOf(wavFile(format, chunk("data", SECOND)));
  if (typeof expected === "number") expect(seconds).toBeCloseTo(expected, 6);
  else expect(seconds).toContain(expected);
});

const format = wavFormat({ rate: 8000, bits: 16 });

test.each([
  ["no size, as a streamed recording", wavFile(format, chunk("data", SECOND, 0)), 1],
  ["the largest size", wavFile(format, chunk("data", SECOND, 0xffff_ffff)), 1],
  [
    "two chunks of data",
    wavFile(format, chunk("data", SECOND), chunk("LIST", SECOND), chunk("data", SECOND)),
    "several",
  ],
  ["a chunk of odd size before the data", wavFile(format, chunk("LIST", new Uint8Array(7)), chunk("data", SECOND)), 1],
  [
    "a size that RF64 stores in another chunk",
    concatenate(ascii("RF64"), wavFile(format, chunk("data", SECOND, 2)).subarray(4)),
    1,
  ],
  ["no data", wavFile(format), "no data"],
  ["data before its format", wavFile(chunk("data", SECOND), format), "after its data"],
  ["two formats", wavFile(format, format, chunk("data", SECOND)), "twice"],
  ["a format that is cut off", concatenate(wavFile(), format.subarray(0, 20)), "in the middle of a header"],
])("A WAV file with %s is measured or refused", (_, bytes, expected) => {
  if (typeof expected === "string") expect(secondsOf(bytes)).toContain(expected);
  else expect(secondsOf(bytes)).toBeCloseTo(expected, 6);
});
