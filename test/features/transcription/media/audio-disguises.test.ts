// Files that ffmpeg decodes in another format than their first bytes announce. Weir refuses them.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { measureAudio } from "../../../../src/features/transcription/audio/measure-audio.ts";
import { chunk, concatenate, wavFile, wavFormat } from "../support/audio-bytes.ts";
import { createFolder, decodedSeconds, encode } from "./ffmpeg.ts";

const SECONDS = 10;
const MP3_HEADER = [0xff, 0xfb, 0xe0, 0x00];
const MP3_FRAME_BYTES = 1044;
const PACKET_BYTES = 188;

test.each([
  ["MP3", "mp3", "-b:a 32k -write_xing 0 -id3v2_version 0", 16_000],
  ["MPEG layer II", "mp2", "-b:a 64k", 16_000],
  ["AAC", "aac", "-b:a 24k", 48_000],
  ["AC-3", "ac3", "-b:a 96k", 32_000],
  ["DTS", "dts", "-strict -2 -c:a dca -b:a 768k", 48_000],
  ["AC-3 in S/PDIF", "spdif", "-c:a ac3 -f spdif", 48_000],
])("A WAV file whose samples are %s is refused", async (_, extension, options, rate) => {
  await using folder = await createFolder();
  const inner = join(folder.path, `inner.${extension}`);
  await encode(inner, { seconds: SECONDS, rate, channels: 2 }, options);
  const format = wavFormat({ rate: 192_000, channels: 2, bits: 16 });
  const bytes = wavFile(format, chunk("data", new Uint8Array(await readFile(inner))));
  expect(measureAudio(bytes)).toMatchObject({ ok: false, reason: expect.stringContaining("hides") });
});

test("An MP3 file whose frames carry a transport stream is refused, because ffmpeg decodes that", async () => {
  await using folder = await createFolder();
  const inner = join(folder.path, "inner.ts");
  await encode(inner, { seconds: SECONDS, rate: 16_000, channels: 1 }, "-c:a aac -b:a 8k");
  const bytes = hideInFrames(new Uint8Array(await readFile(inner)));
  const outer = join(folder.path, "outer.mp3");
  await writeFile(outer, bytes);
  expect(await decodedSeconds(outer)).toBeGreaterThan(SECONDS - 1);
  expect(measureAudio(bytes)).toMatchObject({ ok: false, reason: expect.stringContaining("hides") });
});

/** Puts the packets of a transport stream between the headers of MP3 frames. Null packets cover the headers. */
function hideInFrames(stream: Uint8Array): Uint8Array {
  const nullPacket = concatenate([0x47, 0x1f, 0xff, 0x10], new Uint8Array(PACKET_BYTES - 4).fill(0xff));
  const cells: Uint8Array[] = [];
  let length = 4;
  for (let at = 0; at < stream.length; length += PACKET_BYTES) {
    const header = Math.ceil((length - 3) / MP3_FRAME_BYTES) * MP3_FRAME_BYTES;
    const free = header >= length + PACKET_BYTES;
    cells.push(free ? stream.subarray(at, at + PACKET_BYTES) : nullPacket);
    if (free) at += PACKET_BYTES;
  }
  const hidden = concatenate(MP3_HEADER, ...cells);
  for (let at = 0; at + 4 <= hidden.length; at += MP3_FRAME_BYTES) hidden.set(MP3_HEADER, at);
  return hidden;
}
