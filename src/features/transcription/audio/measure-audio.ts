// The duration that an audio file itself proves, and its format by magic bytes.

import { measureMp3 } from "./mp3.ts";
import { measureMp4 } from "./mp4.ts";
import { measureOgg } from "./ogg.ts";
import { UnmeasurableAudio } from "./unmeasurable.ts";
import { measureWav } from "./wav.ts";

/** Formats whose duration can be proved. `mp4` covers m4a. */
export type AudioFormat = "wav" | "mp3" | "mp4" | "ogg";

export type SniffedFormat = AudioFormat | "webm" | "flac" | "aac" | "amr" | "aiff" | "caf";

export type AudioMeasure =
  | { ok: true; format: AudioFormat; seconds: number }
  | { ok: false; format: SniffedFormat | undefined; reason: string };

/** The formats that can be measured, for a message. */
export const MEASURABLE_FORMATS = "wav, mp3, m4a, mp4, ogg";

const PARSERS: Partial<Record<SniffedFormat, (bytes: Uint8Array) => number>> = {
  wav: measureWav,
  mp3: measureMp3,
  mp4: measureMp4,
  ogg: measureOgg,
};

/** Extensions and media types of each format. */
const NAMES: Record<SniffedFormat, string[]> = {
  wav: ["wav", "wave", "x-wav", "vnd.wave"],
  mp3: ["mp3", "mpga", "mpeg", "mpeg3", "x-mp3", "x-mpeg"],
  mp4: ["mp4", "m4a", "x-m4a", "m4b", "m4v", "mov", "quicktime", "3gp", "3gpp"],
  ogg: ["ogg", "oga", "opus"],
  webm: ["webm", "mkv", "x-matroska"],
  flac: ["flac", "x-flac"],
  aac: ["aac", "x-aac", "aacp"],
  amr: ["amr"],
  aiff: ["aif", "aiff", "aifc", "x-aiff"],
  caf: ["caf", "x-caf"],
};

/** Returns the format by magic bytes; undefined when it is unknown. */
export function sniffAudio(bytes: Uint8Array): SniffedFormat | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  const start = text(0, 4);
  if ((start === "RIFF" || start === "RF64") && text(8, 12) === "WAVE") return "wav";
  if (text(4, 8) === "ftyp") return "mp4";
  if (start === "OggS") return "ogg";
  if (start === "\x1a\x45\xdf\xa3") return "webm";
  if (start === "fLaC") return "flac";
  if (start === "caff") return "caf";
  if (start === "FORM") return "aiff";
  if (start === "#!AM") return "amr";
  if (start.startsWith("ID3")) return "mp3";
  const [first = 0, second = 0] = bytes;
  if (first !== 0xff || second < 0xe0) return undefined;
  return (second & 0b110) === 0 ? "aac" : "mp3";
}

/**
 * Returns the seconds that the file proves. Never throws. Takes linear time, and copies nothing. `reason` is a clause
 * for the caller. One case is open: ffmpeg decodes several AAC frames in one sample of an MP4 file, and this counts one.
 */
export function measureAudio(bytes: Uint8Array): AudioMeasure {
  const format = sniffAudio(bytes);
  const parser = format && PARSERS[format];
  if (!parser) {
    const reason = format
      ? `the duration of ${format} audio cannot be proved`
      : "its first bytes are of no audio format";
    return { ok: false, format, reason };
  }
  try {
    return { ok: true, format: format as AudioFormat, seconds: parser(bytes) };
  } catch (error) {
    // Otherwise a read beyond the end.
    const reason = error instanceof UnmeasurableAudio ? error.message : "it ends in the middle of a header";
    return { ok: false, format, reason };
  }
}

/** Returns whether the names of the file allow the format. A name or a type that says nothing allows every format. */
export function matchesName(
  format: SniffedFormat,
  filename: string | undefined,
  contentType: string | undefined,
): boolean {
  const extension = /\.([^./\\]+)$/.exec(filename ?? "")?.[1];
  const subtype = /^(?:audio|video)\/([^;\s]+)/i.exec(contentType ?? "")?.[1];
  return [extension, subtype].every((name) => {
    const named = Object.entries(NAMES).find(([, names]) => names.includes(name?.toLowerCase() ?? ""));
    return named === undefined || named[0] === format;
  });
}
