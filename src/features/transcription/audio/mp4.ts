// The duration of an MP4 file, from its tables of samples and the rate of their codec.

import { dataViewOf, fourCharacters } from "./audio-bytes.ts";
import type { BoxRange } from "./mp4-boxes.ts";
import { boxesOf, onlyBox, placesOf } from "./mp4-boxes.ts";
import type { FrameCodec } from "./mp4-codecs.ts";
import { readAac, readAlac } from "./mp4-codecs.ts";
import { refuseAudio } from "./unmeasurable.ts";

/** These boxes bring samples that no table of a track lists, or compress the tables. */
const FORBIDDEN = ["moof", "mvex", "cmov"];
/** Sample descriptions of tracks without sound: text, data and hints. */
const SILENT_KINDS = new Set(["mebx", "text", "tx3g", "tmcd", "rtp ", "mp4s"].map(fourCharacters));
const MOVIE = fourCharacters("moov");
const MEDIA_DATA = fourCharacters("mdat");
const TRACK = fourCharacters("trak");
const AAC = fourCharacters("mp4a");
const ALAC = fourCharacters("alac");
const AUDIO_HANDLER = fourCharacters("soun");
const VIDEO_HANDLER = fourCharacters("vide");
const NORMAL_SPEED = 0x1_0000;
/** Marks an unknown duration of 32 bits. */
const UNKNOWN = 0xffff_ffff;

/** Returns the seconds of the longest audio track. Throws when decoders could find samples that it does not count. */
export function measureMp4(bytes: Uint8Array): number {
  const view = dataViewOf(bytes);
  let movie: BoxRange | undefined;
  for (const { type, start, end } of boxesOf(view, { start: 0, end: bytes.length })) {
    if (type === MEDIA_DATA) continue;
    const box = { start: start - 4, end };
    if (FORBIDDEN.some((name) => placesOf(bytes, box, name).length > 0)) {
      refuseAudio("it has fragments");
    }
    if (type === MOVIE && movie === undefined) movie = { start, end };
    // Decoders read tracks at any place.
    else if (placesOf(bytes, box, "trak").length > 0) refuseAudio("it has tracks at unusual places");
  }
  if (movie === undefined) return refuseAudio("it lacks the box moov");
  const tracks = [...boxesOf(view, movie)].filter(({ type }) => type === TRACK);
  if (placesOf(bytes, movie, "trak").length !== tracks.length) refuseAudio("it has tracks within tracks");
  const movieScale = readHeader(view, onlyBox(bytes, movie, "mvhd").start).timescale;
  const seconds = tracks
    .map((track) => measureTrack(bytes, view, track, movieScale))
    .filter((each) => each !== undefined);
  if (seconds.length === 0) refuseAudio("it has no audio track");
  return Math.max(...seconds);
}

/** Returns undefined for a track without sound. */
function measureTrack(bytes: Uint8Array, view: DataView, track: BoxRange, movieScale: number): number | undefined {
  const description = onlyBox(bytes, track, "stsd");
  if (view.getUint32(description.start + 4) !== 1) refuseAudio("a track has several formats");
  const entry = { start: description.start + 8, end: description.end };
  const kind = view.getUint32(entry.start + 4);
  if (kind !== AAC && kind !== ALAC) {
    const handlers = new Set(placesOf(bytes, track, "hdlr").map((at) => view.getUint32(at + 12)));
    const silent = handlers.has(VIDEO_HANDLER) || SILENT_KINDS.has(kind);
    if (!silent || handlers.has(AUDIO_HANDLER)) refuseAudio("it has audio other than AAC and ALAC");
    return undefined;
  }
  // Composition times would move samples apart.
  if (placesOf(bytes, track, "ctts").length > 0) refuseAudio("its audio has composition times");
  const { timescale, duration } = readHeader(view, onlyBox(bytes, track, "mdhd").start);
  const deltas = sumOfDeltas(view, onlyBox(bytes, track, "stts"));
  const codec = kind === AAC ? readAac(view, onlyBox(bytes, entry, "esds").start) : alacOf(bytes, view, entry);
  // An entry without a rate takes the rate of the track.
  const rate = Math.min(codec.rate, view.getUint16(entry.start + 32) || timescale);
  const sizes = onlyBox(bytes, track, "stsz");
  const samples = view.getUint32(sizes.start + 8);
  // ffmpeg decodes all frames of a sample. Several small ones pass this check: see `measureAudio`.
  if (largestSize(view, sizes) > codec.maxFrameBytes) refuseAudio("a sample has several frames");
  const seconds = Math.max(duration / timescale, deltas / timescale, (samples * codec.frameSamples) / rate);
  return seconds + delayOf(bytes, view, track) / movieScale;
}

/** Reads the box `mdhd` or `mvhd`, whose first fields are the same. */
function readHeader(view: DataView, start: number): { timescale: number; duration: number } {
  const isLong = view.getUint8(start) === 1;
  const timescale = view.getUint32(start + (isLong ? 20 : 12));
  if (timescale === 0) refuseAudio("its time scale is 0");
  if (isLong) return { timescale, duration: longAt(view, start + 24) };
  const duration = view.getUint32(start + 16);
  return { timescale, duration: duration === UNKNOWN ? 0 : duration };
}

/** Returns a signed integer of 64 bits. */
function longAt(view: DataView, at: number): number {
  return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
}

function sumOfDeltas(view: DataView, { start, end }: BoxRange): number {
  const entries = view.getUint32(start + 4);
  if (start + 8 + entries * 8 > end) refuseAudio("its box stts is cut off");
  // For such a table, ffmpeg counts the samples of each chunk.
  if (entries === 1 && view.getUint32(start + 12) === 1) refuseAudio("its frames have no length");
  let sum = 0;
  for (let at = start + 8; at < start + 8 + entries * 8; at += 8) sum += view.getUint32(at) * view.getUint32(at + 4);
  return sum;
}

/** Returns the bytes of the largest sample. */
function largestSize(view: DataView, { start, end }: BoxRange): number {
  let largest = view.getUint32(start + 4);
  if (largest > 0) return largest;
  for (let at = start + 12; at + 4 <= end; at += 4) largest = Math.max(largest, view.getUint32(at));
  return largest;
}

/** Returns the silence before the audio, in the movie's time scale. Throws when an edit list repeats or slows audio. */
function delayOf(bytes: Uint8Array, view: DataView, track: BoxRange): number {
  if (placesOf(bytes, track, "elst").length === 0) return 0;
  const { start, end } = onlyBox(bytes, track, "elst");
  const isLong = view.getUint8(start) === 1;
  const entrySize = isLong ? 20 : 12;
  const entries = view.getUint32(start + 4);
  if (start + 8 + entries * entrySize > end) refuseAudio("its box elst is cut off");
  let played = 0;
  let delay = 0;
  for (let entry = 0, at = start + 8; entry < entries; entry++, at += entrySize) {
    const mediaTime = isLong ? longAt(view, at + 8) : view.getInt32(at + 4);
    if (mediaTime === -1) delay += isLong ? Math.max(0, longAt(view, at)) : view.getUint32(at);
    else if (++played > 1 || view.getUint32(at + entrySize - 4) !== NORMAL_SPEED) {
      refuseAudio("its edit list repeats or slows the audio");
    }
  }
  return delay;
}

/** Finds the box `alac` behind the entry of the same name. */
function alacOf(bytes: Uint8Array, view: DataView, entry: BoxRange): FrameCodec {
  return readAlac(view, onlyBox(bytes, { start: entry.start + 8, end: entry.end }, "alac").start);
}
