// The format of an audio file by its magic bytes, and its proven duration.

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

/** The formats whose duration can be proved, for error messages. */
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
 * Returns the seconds that the file proves, in linear time and without a copy. Never throws. `reason` is a clause about
 * the file. A known limit: ffmpeg decodes several AAC frames in one MP4 sample, and Weir counts one. The provider's
 * seconds are then charged above the reservation.
 */
export function measureAudio(bytes: Uint8Array): AudioMeasure {
  const format = sniffAudio(bytes);
  const parser = format && PARSERS[format];
  if (!parser) {
    return { ok: false, format, reason: `${format ?? "unknown"} audio proves no duration` };
  }
  try {
    return { ok: true, format: format as AudioFormat, seconds: parser(bytes) };
  } catch (error) {
    // Any other error is a read beyond the end.
    const reason = error instanceof UnmeasurableAudio ? error.message : "it ends in the middle of a header";
    return { ok: false, format, reason };
  }
}

/** Tests if the filename and the media type fit the format. A name or a type without a format fits every one. */
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
