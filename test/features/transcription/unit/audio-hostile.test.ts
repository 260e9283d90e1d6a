// Hostile audio files: cut, changed, and built to seem shorter than they are.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { measureAudio } from "../../../../src/features/transcription/audio/measure-audio.ts";
import { ascii, big32, chunk, concatenate, wavFile, wavFormat } from "../support/audio-bytes.ts";

const fixture = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, "../fixtures", name)));
const wav = fixture("tone.wav");
const mp3 = fixture("tone.mp3");
const m4a = fixture("tone.m4a");
const alac = fixture("tone-alac.m4a");
const ogg = fixture("tone.ogg");
/** The MP3 without its tag. */
const frames = mp3.subarray(10 + (mp3[8] ?? 0) * 128 + (mp3[9] ?? 0));

const outcome = (bytes: Uint8Array) => {
  const measure = measureAudio(bytes);
  return measure.ok ? measure.seconds : measure.reason;
};

describe.each([
  ["wav", wav, 0.1, 0.1],
  ["mp3", mp3, 0.6, 0.75],
  ["AAC in m4a", m4a, 0.5, 0.6],
  ["ALAC in m4a", alac, 0.2, 0.52],
  ["Opus in ogg", ogg, 0.5, 0.53],
])("A file of %s", (_, bytes, least, most) => {
  test("proves its duration", () => {
    expect(outcome(bytes)).toBeGreaterThanOrEqual(least);
    expect(outcome(bytes)).toBeLessThanOrEqual(most);
  });

  test("that is cut off anywhere proves no longer duration", () => {
    for (let length = 0; length < bytes.length; length++) {
      const seconds = outcome(bytes.subarray(0, length));
      if (typeof seconds === "number") expect(seconds).toBeLessThanOrEqual(most);
    }
  });

  test("whose bytes are changed has a finite duration or a reason", () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = bytes.slice();
        for (const [at, byte] of changes) changed[at] = byte;
        const seconds = outcome(changed);
        if (typeof seconds === "number") expect(Number.isFinite(seconds) && seconds >= 0).toBe(true);
        else expect(seconds).not.toBe("");
      }),
      { numRuns: 300 },
    );
  });
});

/** The bytes with others at an offset, counted from a text. */
function patch(bytes: Uint8Array, text: string, offset: number, content: Uint8Array | number[]): Uint8Array {
  const patched = bytes.slice();
  const at = Buffer.from(bytes).indexOf(text);
  expect(at).toBeGreaterThan(-1);
  patched.set(content, at + offset);
  return patched;
}

/** Changes the third page of the Ogg file, which has the first audio. */
function patchPage(offset: number, content: number[]): Uint8Array {
  const patched = ogg.slice();
  patched.set(content, Buffer.from(ogg).indexOf("OggS", Buffer.from(ogg).indexOf("OpusTags")) + offset);
  return patched;
}

const patchPacket = (content: number[]) => {
  const segments = ogg[Buffer.from(ogg).indexOf("OggS", Buffer.from(ogg).indexOf("OpusTags")) + 26] ?? 0;
  return patchPage(27 + segments, content);
};

const box = (name: string, content: Uint8Array | number[]) =>
  concatenate(big32(content.length + 8), ascii(name), content);

/** An Ogg file of empty pages, which each begin a stream. */
const manyStreams = (count: number) =>
  concatenate(
    ...Array.from({ length: count }, (_, serial) => [
      ...ascii("OggS\0\u0002"),
      ...Array.from({ length: 8 }, () => 0),
      ...big32(serial),
      ...Array.from({ length: 9 }, () => 0),
    ]),
  );

/** The m4a with another `moov`, which is its last box. */
const withMovie = (content: Uint8Array | number[]) =>
  concatenate(m4a.subarray(0, Buffer.from(m4a).indexOf("moov") - 4), box("moov", content));

test.each([
  ["a table of times that claims too many entries", patch(m4a, "stts", 8, big32(0xffff_ffff)), "stts"],
  ["frames without a length", patch(alac, "stts", 8, [...big32(1), ...big32(1), ...big32(1)]), "no length"],
  ["a time scale of 0", patch(m4a, "mdhd", 16, big32(0)), "time scale is 0"],
  ["a codec that is not known", patch(m4a, "mp4a", 0, ascii("ac-3")), "other than AAC and ALAC"],
  [
    "a handler of video for such a codec",
    patch(patch(m4a, "mp4a", 0, ascii("ac-3")), "soun", 0, ascii("vide")),
    "no audio",
  ],
  [
    "a handler that is not known",
    patch(patch(m4a, "mp4a", 0, ascii("ac-3")), "soun", 0, ascii("evil")),
    "other than AAC",
  ],
  ["several formats in a track", patch(m4a, "stsd", 8, big32(2)), "several formats"],
  ["the name of a table twice", patch(m4a, "SoundHandler", 0, ascii("stsz")), "repeats the box stsz"],
  ["samples above the size of an AAC frame", patch(m4a, "stsz", 8, big32(800)), "several frames"],
  ["fragments", concatenate(m4a, box("moof", box("traf", []))), "fragments"],
  ["a track outside of moov", concatenate(m4a, box("free", box("trak", []))), "unusual places"],
  ["a second moov", concatenate(m4a, box("moov", box("trak", []))), "unusual places"],
  ["an edit list that plays twice", patch(m4a, "elst", 8, [...big32(2), ...big32(9)]), "elst"],
  ["an edit that plays slowly", patch(m4a, "elst", 20, big32(0x8000)), "slows"],
  ["MP3 frames inside of MP4", patch(m4a, "esds", 21, [0x6b]), "other than AAC and ALAC"],
  ["a rate of 0 for ALAC", patch(alac, "\0\0\0\u0024alac", 32, big32(0)), "0 Hz"],
  ["boxes of an invalid size", concatenate(m4a.subarray(0, 28), big32(3), ascii("free")), "invalid size"],
  [
    "no audio",
    withMovie(
      box(
        "mvhd",
        Array.from({ length: 100 }, () => 1),
      ),
    ),
    "no audio track",
  ],
  ["a packet of 63 frames", patchPacket([0x0b, 63]), "longer than 120 ms"],
  ["a lost page", patch(ogg, "OpusTags", -10, big32(0x7000_0000)), "lacks pages"],
  ["Vorbis", patch(ogg, "OpusHead", 0, ascii("\u0001vorbis")), "other than Opus"],
  ["a page inside of a page", patch(ogg, "OpusTags", 10, ascii("OggS\0")), "contains another one"],
  ["a stream twice", concatenate(ogg, ogg), "repeated"],
  ["a stream in each page", manyStreams(17), "more than 16 streams"],
  ["a name of a box in every word", concatenate(m4a, box("free", repeat(ascii("trak"), 501))), "more than 500"],
  ["an invalid size of its tag", patch(mp3, "ID3", 6, [0xff]), "ID3 tag"],
  ["another container after its tag", concatenate(mp3.subarray(0, -frames.length), wav), "three frames"],
  ["bytes after its frames that look like another frame", concatenate(mp3, [0, 0xff, 0xfd, 0x90, 0]), "other frames"],
])("A file with %s is refused", (_, bytes, reason) => {
  expect(outcome(bytes)).toContain(reason);
});

test.each([
  ["a table of sizes that claims too many samples", patch(m4a, "stsz", 12, big32(0xffff_ffff)), 1e8],
  ["a long duration in the header of its track", patch(m4a, "mdhd", 20, big32(16_000 * 3600)), 3600],
  ["a low rate in its sample entry", patch(m4a, "mp4a", 28, [0, 100, 0, 0]), 0.5 * 160],
  ["silence before its media", patch(m4a, "elst", 12, [...big32(7_200_000), ...big32(0xffff_ffff)]), 7200],
  ["a position far ahead", patchPage(6, [0, 0, 0, 0, 1]), 2 ** 32 / 48_000],
  ["six frames in a packet", patchPacket([0x0b, 6]), 0.6],
])("A file with %s counts as long as it claims", (_, bytes, least) => {
  expect(outcome(bytes)).toBeGreaterThanOrEqual(least);
});

const samples = wavFormat({ rate: 48_000, channels: 2, bits: 16 });
const adtsFrame = [0xff, 0xf1, 0x60, 0x40, 0x01, 0x7f, 0xfc, 0x01, 0x40, 0x20, 0x07];

function repeat(pattern: number[], times: number): Uint8Array {
  const bytes = new Uint8Array(pattern.length * Math.floor(times));
  bytes.set(pattern);
  for (let filled = pattern.length; filled < bytes.length; filled *= 2) bytes.copyWithin(filled, 0, filled);
  return bytes;
}

test.each([
  ["AAC", repeat(adtsFrame, 100)],
  ["MP3", frames],
  ["S/PDIF", repeat([0x72, 0xf8, 0x1f, 0x4e, 1, 0, 0, 0], 10)],
  ["AC-3", repeat([0x0b, 0x77, 0, 0, 0, 0, 0, 0], 10)],
])("A WAV file whose samples are %s is refused, because ffmpeg decodes that", (_, data) => {
  expect(outcome(wavFile(samples, chunk("data", data)))).toContain("hides another stream");
});

test.each([
  ["AAC", repeat(adtsFrame, 100)],
  ["a transport stream", repeat([0x47, ...Array.from({ length: 187 }, () => 0)], 10)],
  ["a program stream", repeat([0, 0, 1, 0xba, 0, 0, 1, 0xbb], 2)],
])("An MP3 file that carries %s in its tag is refused", (_, content) => {
  const size = [0, 0, content.length >> 7, content.length & 127];
  expect(outcome(concatenate(ascii("ID3"), [3, 0, 0], size, content, frames))).toContain("hides another stream");
});

test("Hostile files of 20 MB are measured in linear time", () => {
  const size = 20_000_000;
  const head = box("ftyp", ascii("M4A "));
  let nested: Uint8Array = new Uint8Array(0);
  for (let depth = 0; depth < 1000; depth++) nested = box("trak", nested);
  const slow = [
    concatenate(head, box("moov", nested)),
    concatenate(head, repeat([...big32(8), ...ascii("free")], size / 8)),
    concatenate(head, box("moov", repeat([...big32(8), ...ascii("trak")], size / 8))),
    concatenate(head, box("free", repeat(ascii("moo"), size / 3))),
    concatenate(ogg, repeat(ascii("OggS"), size / 4)),
    concatenate(mp3, new Uint8Array(size).fill(0xff)),
    wavFile(samples, repeat([...ascii("LIST"), 0, 0, 0, 0], size / 8)),
    wavFile(samples, chunk("data", repeat([0xff, 0xf1, 0x60, 0x40, 0x01, 0x1f, 0xfc, 0, 0], size / 9))),
  ];
  const started = performance.now();
  for (const bytes of slow) measureAudio(bytes);
  expect(performance.now() - started).toBeLessThan(5000);
}, 60_000);
