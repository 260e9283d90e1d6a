// Compares the proved durations of audio files with those that ffmpeg decodes.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { measureAudio } from "../../../../src/features/transcription/audio/measure-audio.ts";
import type { Recording } from "./ffmpeg.ts";
import { createFolder, decodedSeconds, encode } from "./ffmpeg.ts";

/** An extension, the options of ffmpeg, and the recordings to encode: seconds, rate and channels. */
type Case = [extension: string, options: string, ...recordings: [number, number, number][]];

const TAGS = "-metadata title=Röyksopp -metadata comment=none";
const COVER =
  "-f lavfi -i color=red:size=64x64:duration=0.04 -map 0:a -map 1:v -frames:v 1 -disposition:v attached_pic";
const VIDEO = "-f lavfi -i testsrc=size=64x64:rate=10 -shortest -map 0:a -map 1:v -c:v mpeg4";

const CASES: Record<string, Case[]> = {
  wav: [
    ["wav", "-c:a pcm_u8", [0.3, 8000, 1], [5, 44_100, 2]],
    ["wav", "-c:a pcm_s16le", [0.3, 16_000, 1], [12, 44_100, 2], [90, 16_000, 1], [3, 48_000, 6]],
    ["wav", `-c:a pcm_s24le ${TAGS}`, [2, 48_000, 2]],
    ["wav", "-c:a pcm_s32le", [2, 22_050, 1], [1, 11_025, 2]],
    ["wav", "-c:a pcm_f32le", [2, 96_000, 2]],
    ["wav", "-c:a pcm_f64le -rf64 always", [2, 24_000, 1]],
    ["wav", "-c:a pcm_s16le -write_bext 1", [2, 32_000, 1]],
  ],
  "mp3 of constant bit rate": [
    ["mp3", "-b:a 320k", [3, 44_100, 2], [1, 32_000, 2]],
    ["mp3", "-b:a 128k", [0.5, 44_100, 1], [3, 32_000, 1], [4, 48_000, 1], [30, 48_000, 2]],
    ["mp3", `-b:a 64k ${TAGS} -id3v2_version 3 -write_id3v1 1`, [7, 24_000, 1]],
    ["mp3", "-b:a 32k -write_xing 0", [7, 16_000, 1], [7, 22_050, 2]],
    ["mp3", "-b:a 16k", [20, 11_025, 1], [20, 12_000, 2]],
    ["mp3", "-b:a 8k", [30, 8000, 1]],
  ],
  "mp3 of variable bit rate": [
    ["mp3", "-q:a 0", [9, 44_100, 2]],
    ["mp3", "-q:a 5 -id3v2_version 0", [40, 44_100, 1], [1.5, 48_000, 2]],
    ["mp3", "-q:a 9", [30, 16_000, 1]],
    ["mp3", "-abr 1 -b:a 96k", [9, 32_000, 2]],
    ["mp3", `${COVER} -c:v mjpeg`, [4, 44_100, 2]],
    ["mp3", `${COVER} -c:v png ${TAGS}`, [4, 24_000, 1]],
  ],
  "AAC in m4a": [
    ["m4a", "-b:a 24k", [30, 16_000, 1], [12, 22_050, 1], [6, 24_000, 2]],
    ["m4a", "-b:a 64k", [0.3, 44_100, 1], [30, 44_100, 1], [6, 32_000, 2]],
    ["m4a", `-b:a 128k -movflags +faststart ${TAGS}`, [10, 48_000, 2], [1, 44_100, 2]],
    ["m4a", "-b:a 256k", [5, 96_000, 2]],
    ["m4a", "-b:a 12k", [30, 8000, 1]],
    ["m4a", `${COVER} -c:v mjpeg -b:a 96k`, [5, 44_100, 2]],
    ["m4a", "-b:a 96k -brand mp42 -use_editlist 0", [5, 44_100, 2]],
    ["3gp", "-c:a aac -b:a 48k", [5, 16_000, 1]],
  ],
  "ALAC in m4a": [
    ["m4a", "-c:a alac", [3, 44_100, 2], [2, 48_000, 2], [20, 16_000, 1]],
    ["m4a", `-c:a alac -movflags +faststart ${TAGS}`, [8, 48_000, 1]],
  ],
  "mp4 with video": [
    ["mp4", `${VIDEO} -c:a aac -b:a 96k`, [3, 48_000, 2]],
    ["mp4", `${VIDEO} -c:a aac -b:a 48k -movflags +faststart`, [8, 44_100, 1]],
    ["mov", `${VIDEO} -c:a aac -b:a 64k`, [5, 44_100, 1]],
  ],
  "Opus in Ogg": [
    ["ogg", "-c:a libopus -b:a 6k -frame_duration 60", [30, 8000, 1]],
    ["ogg", "-c:a libopus -b:a 12k -frame_duration 40 -application voip", [10, 16_000, 1]],
    ["ogg", "-c:a libopus -b:a 24k -frame_duration 20", [0.3, 48_000, 1], [40, 48_000, 1], [5, 24_000, 2]],
    ["opus", `-c:a libopus -b:a 64k -frame_duration 10 ${TAGS}`, [7, 48_000, 2]],
    ["oga", "-c:a libopus -b:a 96k -frame_duration 5 -application lowdelay", [4, 48_000, 2]],
    ["ogg", "-c:a libopus -b:a 128k -frame_duration 2.5 -application lowdelay", [2, 48_000, 2]],
    ["ogg", "-c:a libopus -b:a 32k -vbr off", [6, 48_000, 1], [3, 12_000, 2]],
    ["ogg", "-c:a libopus -b:a 16k -frame_duration 120 -page_duration 60000", [9, 16_000, 1]],
    ["opus", "-c:a libopus -b:a 192k -mapping_family 1", [4, 48_000, 6]],
  ],
};

test.concurrent.each(Object.entries(CASES))(
  "The proved durations of %s match those that ffmpeg decodes",
  async (_, cases) => {
    await using folder = await createFolder();
    const wrong: object[] = [];
    for (const [index, [extension, options, ...recordings]] of cases.entries()) {
      for (const [seconds, rate, channels] of recordings) {
        const recording: Recording = { seconds, rate, channels };
        const path = join(folder.path, `${index}-${seconds}-${rate}.${extension}`);
        await encode(path, recording, options);
        const decoded = await decodedSeconds(path);
        const measure = measureAudio(await readFile(path));
        const proved = measure.ok ? measure.seconds : NaN;
        if (decoded > 0 && proved >= decoded - 0.05 && proved <= decoded * 1.015 + 0.2) continue;
        wrong.push({ extension, options, ...recording, decoded, proved: measure.ok ? proved : measure.reason });
      }
    }
    expect(wrong).toEqual([]);
  },
);
