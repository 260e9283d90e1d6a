// The duration of an MP4 or M4A file: the samples that its tables list, at the rate of their codec.

import type { BoxRange } from "./mp4-boxes.ts";
import { boxesOf, onlyBox, placesOf } from "./mp4-boxes.ts";
import type { FrameCodec } from "./mp4-codecs.ts";
import { readAac, readAlac } from "./mp4-codecs.ts";
import { fourCharacters, refuseAudio, viewOf } from "./unmeasurable.ts";

/** Any of these outside of `mdat` brings samples that the tables of tracks do not list, or hides the tables. */
const FORBIDDEN = ["moof", "mvex", "cmov"];
/** Kinds of samples without sound, in tracks of text, of data and of hints. */
const SILENT_KINDS = new Set(["mebx", "text", "tx3g", "tmcd", "rtp ", "mp4s"].map(fourCharacters));
const MOVIE = fourCharacters("moov");
const MEDIA_DATA = fourCharacters("mdat");
const TRACK = fourCharacters("trak");
const AAC = fourCharacters("mp4a");
const ALAC = fourCharacters("alac");
const AUDIO_HANDLER = fourCharacters("soun");
const VIDEO_HANDLER = fourCharacters("vide");
const NORMAL_SPEED = 0x1_0000;
/** A duration in 32 bits that is not known. */
const UNKNOWN = 0xffff_ffff;

/** Returns seconds, of the longest audio track. */
export function measureMp4(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  let movie: BoxRange | undefined;
  for (const { type, start, end } of boxesOf(view, { start: 0, end: bytes.length })) {
    if (type === MEDIA_DATA) continue;
    const box = { start: start - 4, end };
    if (FORBIDDEN.some((name) => placesOf(bytes, box, name).length > 0)) {
      refuseAudio("the fragments of an MP4 file cannot be measured");
    }
    if (type === MOVIE && movie === undefined) movie = { start, end };
    // Decoders read tracks wherever they are.
    else if (placesOf(bytes, box, "trak").length > 0) refuseAudio("the MP4 file has tracks at unusual places");
  }
  if (movie === undefined) return refuseAudio("the MP4 file lacks the box moov");
  const tracks = [...boxesOf(view, movie)].filter(({ type }) => type === TRACK);
  if (placesOf(bytes, movie, "trak").length !== tracks.length) refuseAudio("the MP4 file has tracks within tracks");
  const movieScale = readHeader(view, onlyBox(bytes, view, movie, "mvhd").start).timescale;
  const seconds = tracks
    .map((track) => measureTrack(bytes, view, track, movieScale))
    .filter((each) => each !== undefined);
  if (seconds.length === 0) refuseAudio("the MP4 file has no audio track");
  return Math.max(...seconds);
}

/** Returns undefined for a track without sound. */
function measureTrack(bytes: Uint8Array, view: DataView, track: BoxRange, movieScale: number): number | undefined {
  const description = onlyBox(bytes, view, track, "stsd");
  if (view.getUint32(description.start + 4) !== 1) refuseAudio("a track of the MP4 file has several formats");
  const entry = { start: description.start + 8, end: description.end };
  const kind = view.getUint32(entry.start + 4);
  if (kind !== AAC && kind !== ALAC) {
    const handlers = new Set(placesOf(bytes, track, "hdlr").map((at) => view.getUint32(at + 12)));
    const silent = handlers.has(VIDEO_HANDLER) || SILENT_KINDS.has(kind);
    if (!silent || handlers.has(AUDIO_HANDLER)) refuseAudio("the MP4 file has audio other than AAC and ALAC");
    return undefined;
  }
  // Composition times would move samples apart.
  if (placesOf(bytes, track, "ctts").length > 0) refuseAudio("the audio of the MP4 file has composition times");
  const { timescale, duration } = readHeader(view, onlyBox(bytes, view, track, "mdhd").start);
  const deltas = sumOfDeltas(view, onlyBox(bytes, view, track, "stts"));
  const codec = kind === AAC ? readAac(view, onlyBox(bytes, view, entry, "esds").start) : alacOf(bytes, view, entry);
  // An entry without a rate takes the rate of the track.
  const rate = Math.min(codec.rate, view.getUint16(entry.start + 32) || timescale);
  const sizes = onlyBox(bytes, view, track, "stsz");
  const samples = view.getUint32(sizes.start + 8);
  // ffmpeg decodes all the frames that it finds in one sample.
  if (largestSize(view, sizes) > codec.maxFrameBytes) refuseAudio("a sample of the MP4 file has several frames");
  const seconds = Math.max(duration / timescale, deltas / timescale, (samples * codec.frameSamples) / rate);
  return seconds + delayOf(bytes, view, track) / movieScale;
}

/** Reads the box `mdhd` or `mvhd`, whose first fields are the same. */
function readHeader(view: DataView, start: number): { timescale: number; duration: number } {
  const isLong = view.getUint8(start) === 1;
  const timescale = view.getUint32(start + (isLong ? 20 : 12));
  if (timescale === 0) refuseAudio("the MP4 file has a time scale of 0");
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
  if (start + 8 + entries * 8 > end) refuseAudio("the box stts of the MP4 file is cut off");
  // ffmpeg then counts the samples by chunks.
  if (entries === 1 && view.getUint32(start + 12) === 1) refuseAudio("the frames of the MP4 file have no length");
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

/**
 * Returns the silence before the media, in the time scale of the movie. Throws when an edit list plays media twice or
 * slowly.
 */
function delayOf(bytes: Uint8Array, view: DataView, track: BoxRange): number {
  if (placesOf(bytes, track, "elst").length === 0) return 0;
  const { start, end } = onlyBox(bytes, view, track, "elst");
  const isLong = view.getUint8(start) === 1;
  const entrySize = isLong ? 20 : 12;
  const entries = view.getUint32(start + 4);
  if (start + 8 + entries * entrySize > end) refuseAudio("the box elst of the MP4 file is cut off");
  let played = 0;
  let delay = 0;
  for (let entry = 0, at = start + 8; entry < entries; entry++, at += entrySize) {
    const mediaTime = isLong ? longAt(view, at + 8) : view.getInt32(at + 4);
    if (mediaTime === -1) delay += isLong ? Math.max(0, longAt(view, at)) : view.getUint32(at);
    else if (++played > 1 || view.getUint32(at + entrySize - 4) !== NORMAL_SPEED) {
      refuseAudio("the edit list of the MP4 file repeats or slows its audio");
    }
  }
  return delay;
}

/** The first `alac` names the entry, and the second is the box. */
function alacOf(bytes: Uint8Array, view: DataView, entry: BoxRange): FrameCodec {
  return readAlac(view, onlyBox(bytes, view, { start: entry.start + 8, end: entry.end }, "alac").start);
}
