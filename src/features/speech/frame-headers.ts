// Readers of the frame headers of mp3, aac (ADTS), opus (Ogg) and flac. Pure.
// The bytes come from the provider. They decide a charge, but nothing is decoded.

import { AAC_SAMPLE_RATES, isMpegHeader, readMpegHeader } from "../../core/audio/mpeg-audio.ts";

/** A header that begins a frame or a page. */
export interface FrameHeader {
  /** Bytes until the next header can begin. */
  length: number;
  /** The duration of the frame. */
  seconds?: number;
  /** The duration of all audio until the end of the frame. */
  endsAt?: number;
}

/** Reads the headers of one format. */
export interface HeaderReader {
  /** The first byte of the next header. */
  readonly mark: number;
  /** Bytes that a header needs. */
  readonly size: number;
  /** Returns undefined when no header begins with these bytes. */
  read(bytes: Uint8Array): FrameHeader | undefined;
}

/** The readers of formats whose headers stand alone. */
export function createFrameHeaderReader(format: "mp3" | "aac" | "opus"): HeaderReader {
  switch (format) {
    case "mp3":
      return { mark: 0xff, size: 4, read: readMp3Header };
    case "aac":
      return { mark: 0xff, size: 7, read: readAdtsHeader };
    case "opus":
      return { mark: OGG_MARK.charCodeAt(0), size: 14, read: readOggHeader };
  }
}

const at = (bytes: Uint8Array, index: number) => bytes[index] ?? 0;

/** Reads the header of a frame of mp3, which is layer III. */
function readMp3Header(bytes: Uint8Array): FrameHeader | undefined {
  const header = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (!isMpegHeader(header)) return undefined;
  const { layer, size, seconds } = readMpegHeader(header);
  return layer === 3 && size > 0 ? { length: size, seconds } : undefined;
}

const AAC_BLOCK_SAMPLES = 1024;

/** ISO/IEC 13818-7, section 6.2. */
function readAdtsHeader(bytes: Uint8Array): FrameHeader | undefined {
  const sampleRate = AAC_SAMPLE_RATES[(at(bytes, 2) >> 2) & 15];
  const length = ((at(bytes, 3) & 3) << 11) | (at(bytes, 4) << 3) | (at(bytes, 5) >> 5);
  if ((at(bytes, 1) & 0xf6) !== 0xf0 || !sampleRate || length < 7) return undefined;
  const blocks = (at(bytes, 6) & 3) + 1;
  return { length, seconds: (blocks * AAC_BLOCK_SAMPLES) / sampleRate };
}

const OGG_MARK = "OggS";
const OGG_HEADER_BYTES = 14;
const OPUS_RATE = 48_000;
const NO_POSITION = 0xffff_ffff;

/** RFC 3533: each page has the position at its end. RFC 7845 counts it at 48 kHz. */
function readOggHeader(bytes: Uint8Array): FrameHeader | undefined {
  if (String.fromCharCode(...bytes.subarray(0, OGG_MARK.length)) !== OGG_MARK) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const high = view.getUint32(10, true);
  const position = high * 2 ** 32 + view.getUint32(6, true);
  return { length: OGG_HEADER_BYTES, ...(high !== NO_POSITION && { endsAt: position / OPUS_RATE }) };
}

const FLAC_MARK = "fLaC";
/** The mark, the head of the first block, and its fields up to the sample rate. */
const FLAC_STREAM_BYTES = 21;
/** The sync code, 16 bits, and a frame number of at most 3 bytes. */
const FLAC_FRAME_BYTES = 7;
const encoder = new TextEncoder();

/**
 * Creates the reader of flac (RFC 9639). A frame does not have its length, so the next one is found by its number. Only
 * frames of a fixed size are read, which every encoder of streams writes.
 */
export function createFlacHeaderReader(): HeaderReader {
  let frames = 0;
  /** Undefined until the start of the stream has been read. */
  let frameSeconds: number | undefined;
  return {
    get mark() {
      return frameSeconds === undefined ? FLAC_MARK.charCodeAt(0) : 0xff;
    },
    get size() {
      return frameSeconds === undefined ? FLAC_STREAM_BYTES : FLAC_FRAME_BYTES;
    },
    read(bytes) {
      if (frameSeconds === undefined) {
        if (String.fromCharCode(...bytes.subarray(0, FLAC_MARK.length)) !== FLAC_MARK) return undefined;
        const sampleRate = (at(bytes, 18) << 12) | (at(bytes, 19) << 4) | (at(bytes, 20) >> 4);
        frameSeconds = ((at(bytes, 10) << 8) | at(bytes, 11)) / Math.max(1, sampleRate);
        return { length: FLAC_STREAM_BYTES };
      }
      // The number is coded like a character in UTF-8.
      const number = encoder.encode(String.fromCodePoint(frames));
      const isNext = number.every((byte, index) => at(bytes, 4 + index) === byte);
      if (at(bytes, 1) !== 0xf8 || (at(bytes, 3) & 1) !== 0 || !isNext) return undefined;
      frames += 1;
      return { length: FLAC_FRAME_BYTES, endsAt: frames * frameSeconds };
    },
  };
}
