// Streams within a WAV or MP3 file that ffmpeg prefers to the format which the first bytes announce.

import { isMpegHeader, readMpegHeader } from "./mpeg-frame.ts";
import { bytesOf, findBytes, refuseAudio, viewOf } from "./unmeasurable.ts";

/** Where ffmpeg looks until it has seen seven frames of MP3, the largest of which have 1,441 bytes. */
const PROBED_BYTES = 16_384;
/** Every key of an MXF file begins with the first four. These are of its header, after which MXF may begin. */
const MXF_KEY = Uint8Array.of(0x06, 0x0e, 0x2b, 0x34, 0x02, 0x05, 0x01, 0x01);
/** Of an MPEG program stream: its packs, its header and its packets have codes from here. */
const START_CODE = Uint8Array.of(0, 0, 1);
const PACK_START = 0xba;
const NSV_NAMES = ["NSVs", "NSVf"].map(bytesOf);
const TRANSPORT_STREAM_PACKETS = [188, 192, 204];
const TRANSPORT_STREAM_SYNC = 0x47;
/** DTS in three byte orders, TrueHD, and S/PDIF in two. */
const SYNC_WORDS = new Set(
  [0x7ffe8001, 0xfe7f0180, 0x1fffe800, 0xf8726fba, 0x72f81f4e, 0xf8724e1f].map((word) => word | 0),
);
/** DTS in the fourth, which quiet samples contain. Two more bytes are certain. */
const DTS_QUIET_WORD = 0xff1f00e8 | 0;
const DOLBY_SYNC = 0x0b77;
const DOLBY_SYNC_SWAPPED = 0x770b;
/** ffmpeg needs 3 frames at the start and 101 elsewhere. Chance makes shorter chains in quiet recordings. */
const CHAIN_AT_START = 3;
const CHAIN = 50;
const OTHER = "another stream is hidden in the file";

/** Throws when ffmpeg could read 16-bit samples as compressed audio, which it looks for in the first seconds. */
export function refuseDisguisedSamples(bytes: Uint8Array, start: number, bytesPerSecond: number): void {
  const end = Math.min(bytes.length, start + Math.max(2 ** 18, 4 * bytesPerSecond));
  if (hasFrames(bytes, start, end) || hasChain(bytes, start, end, mpegSize)) refuseAudio(OTHER);
}

/** Throws when ffmpeg could take a WAV file for another container. */
export function refuseDisguisedWav(bytes: Uint8Array): void {
  // ACT puts G.729 behind a header of WAV and zeros.
  const isAct = bytes[256] === 0x84 && bytes.subarray(44, 256).every((byte) => byte === 0);
  if (isAct || hasMxf(bytes, 0)) refuseAudio(OTHER);
}

/** Throws when ffmpeg could find another stream in the tags or in the first frames of an MP3 file. */
export function refuseDisguisedMp3(bytes: Uint8Array, firstFrame: number): void {
  for (const start of [0, firstFrame]) {
    const end = Math.min(bytes.length, start + PROBED_BYTES);
    const isOther =
      hasMxf(bytes, start) ||
      hasProgram(bytes, start, end) ||
      hasTransport(bytes, start, end) ||
      hasFrames(bytes, start, end);
    if (isOther) refuseAudio(OTHER);
  }
}

function hasMxf(bytes: Uint8Array, start: number): boolean {
  return findBytes(bytes.subarray(start, start + PROBED_BYTES), MXF_KEY) >= 0;
}

/** Looks for two start codes of an MPEG program stream, or for one chunk of NSV. */
function hasProgram(bytes: Uint8Array, start: number, end: number): boolean {
  const range = bytes.subarray(start, end);
  let codes = 0;
  for (let at = findBytes(range, START_CODE); at >= 0; at = findBytes(range, START_CODE, at + 1)) {
    if ((range[at + 3] ?? 0) >= PACK_START && ++codes > 1) return true;
  }
  return NSV_NAMES.some((name) => findBytes(range, name) >= 0);
}

function hasTransport(bytes: Uint8Array, start: number, end: number): boolean {
  for (const packet of TRANSPORT_STREAM_PACKETS) {
    for (let at = start; at < end; at++) {
      let packets = 0;
      while (packets < 6 && bytes[at + packets * packet] === TRANSPORT_STREAM_SYNC) packets++;
      if (packets === 6) return true;
    }
  }
  return false;
}

/** Looks for frames of AAC, DTS, TrueHD, AC-3 and S/PDIF. Any of their words may occur by chance, but not so often. */
function hasFrames(bytes: Uint8Array, start: number, end: number): boolean {
  let words = 0;
  let dolby = 0;
  for (let at = start, word = 0; at < end; at++) {
    word = (word << 8) | (bytes[at] ?? 0);
    if (SYNC_WORDS.has(word)) words++;
    if (word === DTS_QUIET_WORD && (bytes[at + 1] ?? 0) >= 0xf0 && bytes[at + 2] === 0x07) words++;
    const half = word & 0xffff;
    if (half === DOLBY_SYNC || half === DOLBY_SYNC_SWAPPED) dolby += at === start + 1 ? Infinity : 1;
  }
  const isDolby = dolby > 64 + (end - start) / 8192;
  return words > 3 || isDolby || hasChain(bytes, start, end, adtsSize) || hasChain(bytes, start, end, loasSize);
}

/** Returns whether frames follow each other. `sizeAt` returns 0 where no frame begins. */
function hasChain(
  bytes: Uint8Array,
  start: number,
  end: number,
  sizeAt: (view: DataView, at: number) => number,
): boolean {
  const view = viewOf(bytes);
  const last = bytes.length - 8;
  for (let first = start; first < Math.min(end, last); first++) {
    const needed = first === start ? CHAIN_AT_START : CHAIN;
    let frames = 0;
    for (let at = first; at < last && frames < needed; frames++) {
      const size = sizeAt(view, at);
      if (size === 0) break;
      at += size;
    }
    if (frames === needed) return true;
  }
  return false;
}

function adtsSize(view: DataView, at: number): number {
  const hasRate = ((view.getUint8(at + 2) >> 2) & 15) < 13;
  if ((view.getUint16(at) & 0xfff6) !== 0xfff0 || !hasRate) return 0;
  const size = (view.getUint32(at + 3) >>> 13) & 0x1fff;
  return size < 7 ? 0 : size;
}

function loasSize(view: DataView, at: number): number {
  const header = view.getUint32(at) >>> 8;
  return header >>> 13 === 0x2b7 ? (header & 0x1fff) + 3 : 0;
}

function mpegSize(view: DataView, at: number): number {
  const header = view.getUint32(at);
  return isMpegHeader(header) ? readMpegHeader(header).size : 0;
}
