// Audio formats by their magic bytes, and the filenames and media types that fit them.

import { expect, test } from "vitest";
import type { SniffedFormat } from "../../../../src/features/transcription/audio/measure-audio.ts";
import { matchesName, measureAudio, sniffAudio } from "../../../../src/features/transcription/audio/measure-audio.ts";
import { ascii } from "../support/audio-bytes.ts";

test.each<[string, number[], SniffedFormat | undefined]>([
  ["RIFF", [...ascii("RIFF"), 0, 0, 0, 0, ...ascii("WAVE")], "wav"],
  ["RIFF of another kind", [...ascii("RIFF"), 0, 0, 0, 0, ...ascii("AVI ")], undefined],
  ["RF64", [...ascii("RF64"), 0, 0, 0, 0, ...ascii("WAVE")], "wav"],
  ["an MP4 brand", [0, 0, 0, 28, ...ascii("ftypM4A ")], "mp4"],
  ["an Ogg page", ascii("OggS"), "ogg"],
  ["an ID3 tag", ascii("ID3"), "mp3"],
  ["a frame of layer III", [0xff, 0xfb, 0x90, 0x64], "mp3"],
  ["a frame of ADTS", [0xff, 0xf1, 0x50, 0x80], "aac"],
  ["EBML", [0x1a, 0x45, 0xdf, 0xa3], "webm"],
  ["FLAC", ascii("fLaC"), "flac"],
  ["AMR", ascii("#!AMR\n"), "amr"],
  ["AIFF", ascii("FORM"), "aiff"],
  ["Core Audio", ascii("caff"), "caf"],
  ["text", ascii("hello, this is text"), undefined],
  ["nothing", [], undefined],
])("A file that begins with %s has that format", (_, start, format) => {
  const bytes = new Uint8Array(start);
  expect(sniffAudio(bytes)).toBe(format);
  expect(measureAudio(bytes)).toMatchObject({ ok: false, format });
});

test.each<[SniffedFormat, string | undefined, string | undefined, boolean]>([
  ["mp3", undefined, undefined, true],
  ["mp3", "recording", "application/octet-stream", true],
  ["mp3", "recording.MPGA", "audio/mpeg", true],
  ["mp3", "recording.mpeg", "audio/mp3; charset=binary", true],
  ["mp3", "recording.m4a", undefined, false],
  ["mp3", "recording.mp3", "audio/mp4", false],
  ["mp4", "recording.m4a", "audio/x-m4a", true],
  ["mp4", "clip.mp4", "video/mp4", true],
  ["mp4", "recording.wav", "audio/mp4", false],
  ["ogg", "voice.opus", "audio/ogg; codecs=opus", true],
  ["ogg", "voice.oga", "audio/opus", true],
  ["wav", "voice.v2.wav", "audio/x-wav", true],
  ["wav", "voice.webm", "audio/wav", false],
  ["wav", "voice.unknown", "text/plain", true],
  ["webm", "voice.webm", "video/webm", true],
])("%s bytes named %s with the type %s: %s", (format, filename, contentType, matches) => {
  expect(matchesName(format, filename, contentType)).toBe(matches);
});
