// Streams that ffmpeg finds hidden in a WAV or MP3 file, and decodes instead.

import { bytesOf, dataViewOf, findBytes } from "./audio-bytes.ts";
import { isMpegHeader, readMpegHeader } from "../../../core/audio/mpeg-audio.ts";
import { refuseAudio } from "./unmeasurable.ts";

/** ffmpeg probes this much of an MP3 file: it stops after seven frames, of at most 1,441 bytes each. */
const PROBED_BYTES = 16_384;
/** Begins each pack, header and packet of an MPEG program stream. Their codes are 0xba or higher. */
const START_CODE = bytesOf("\0\0\u0001");
const PACK_START = 0xba;
const TRANSPORT_STREAM_PACKETS = [188, 192, 204];
const TRANSPORT_STREAM_SYNC = 0x47;
/** Sync words of DTS in three byte orders, of TrueHD, and of S/PDIF in two byte orders. */
const SYNC_WORDS = new Set(
  [0x7ffe8001, 0xfe7f0180, 0x1fffe800, 0xf8726fba, 0x72f81f4e, 0xf8724e1f].map((word) => word | 0),
);
/** DTS in its fourth byte order. Quiet samples contain this word too, so two more bytes must match. */
const DTS_QUIET_WORD = 0xff1f00e8 | 0;
const DOLBY_SYNC = 0x0b77;
const DOLBY_SYNC_SWAPPED = 0x770b;
/** ffmpeg needs 3 frames at the start and 101 elsewhere. Quiet recordings contain shorter chains by chance. */
const CHAIN_AT_START = 3;
const CHAIN = 50;

/** Returns the bytes of the frame that begins at `at`, or 0 when none begins there. */
type FrameSize = (view: DataView, at: number) => number;

/** Throws when ffmpeg could decode 16-bit samples as compressed audio. It probes only the first seconds. */
export function refuseDisguisedSamples(bytes: Uint8Array, start: number, bytesPerSecond: number): void {
  const end = Math.min(bytes.length, start + Math.max(2 ** 18, 4 * bytesPerSecond));
  if (hasFrames(bytes, start, end) || hasChain(bytes, start, end, mpegSize)) refuseHidden();
}

/** Throws when ffmpeg could find another stream in the tags or in the first frames of an MP3 file. */
export function refuseDisguisedMp3(bytes: Uint8Array, firstFrame: number): void {
  for (const start of [0, firstFrame]) {
    const end = Math.min(bytes.length, start + PROBED_BYTES);
    const isOther = hasProgram(bytes, start, end) || hasTransport(bytes, start, end) || hasFrames(bytes, start, end);
    if (isOther) refuseHidden();
  }
}

const refuseHidden = () => refuseAudio("it hides another stream");

/** Looks for two start codes of an MPEG program stream. */
function hasProgram(bytes: Uint8Array, start: number, end: number): boolean {
  const range = bytes.subarray(start, end);
  let codes = 0;
  for (let at = findBytes(range, START_CODE); at >= 0; at = findBytes(range, START_CODE, at + 1)) {
    if ((range[at + 3] ?? 0) >= PACK_START && ++codes > 1) return true;
  }
  return false;
}

/** Looks for six packets of an MPEG transport stream. */
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

/** Looks for frames of AAC, DTS, TrueHD, AC-3 and S/PDIF. Chance makes a few of their sync words, but not many. */
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

/** Looks for frames that follow each other. */
function hasChain(bytes: Uint8Array, start: number, end: number, sizeAt: FrameSize): boolean {
  const view = dataViewOf(bytes);
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

const adtsSize: FrameSize = (view, at) => {
  const hasRate = ((view.getUint8(at + 2) >> 2) & 15) < 13;
  if ((view.getUint16(at) & 0xfff6) !== 0xfff0 || !hasRate) return 0;
  const size = (view.getUint32(at + 3) >>> 13) & 0x1fff;
  return size < 7 ? 0 : size;
};

const loasSize: FrameSize = (view, at) => {
  const header = view.getUint32(at) >>> 8;
  return header >>> 13 === 0x2b7 ? (header & 0x1fff) + 3 : 0;
};

const mpegSize: FrameSize = (view, at) => {
  const header = view.getUint32(at);
  return isMpegHeader(header) ? readMpegHeader(header).size : 0;
};
