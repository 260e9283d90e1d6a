// The duration of an MP3 file: the sum of its frames.

import { bytesOf, dataViewOf, startsWith } from "./audio-bytes.ts";
import { refuseDisguisedMp3 } from "./disguise.ts";
import { isMpegHeader, readMpegHeader } from "../../../core/audio/mpeg-audio.ts";
import { refuseAudio } from "./unmeasurable.ts";

const ID3 = bytesOf("ID3");
/** The header bits of version, layer and sample rate. */
const SAME_STREAM = 0xfffe_0c00;
/** The same bits and those of the channels. ffmpeg starts at the first two frames that agree in them. */
const SAME_START = 0xfffe_0ccf;
/** Mark a silent first frame, which ffmpeg skips. They follow its side information. */
const RATE_TAGS = ["Xing", "Info", "VBRI"].map(bytesOf);
const RATE_TAG_OFFSETS = [13, 21, 36];
/** Decoders start where several frames follow each other. The strictest decoder needs ten. */
const MIN_RUN = 10;

/**
 * Returns seconds. Throws when a decoder that searches for frames could find other frames: the frames change their
 * kind, or bytes between them look like a frame.
 */
export function measureMp3(bytes: Uint8Array): number {
  const view = dataViewOf(bytes);
  let at = afterTags(bytes, view);
  // Taggers pad with zeros.
  while (bytes[at] === 0) at++;
  const stream = readStart(bytes, view, at);
  refuseDisguisedMp3(bytes, at);
  let seconds = 0;
  for (let run = 0; at + 4 <= bytes.length;) {
    const header = view.getUint32(at);
    if (isMpegHeader(header)) {
      if (((header ^ stream) & SAME_STREAM) !== 0) refuseAudio("it contains bytes that look like other frames");
      const frame = readFrame(header);
      seconds += frame.seconds;
      at += frame.size;
      run++;
    } else {
      if (run > 0 && run < MIN_RUN) refuseAudio("its frames are interrupted");
      run = 0;
      at++;
    }
  }
  return seconds;
}

/** Skips tags of ID3v2, section 3.1 of its specification. */
function afterTags(bytes: Uint8Array, view: DataView): number {
  let at = 0;
  while (startsWith(bytes, at, ID3)) {
    const version = view.getUint8(at + 3);
    const hasFooter = (view.getUint8(at + 5) & 0x10) !== 0;
    const sizes = [6, 7, 8, 9].map((offset) => view.getUint8(at + offset));
    // Decoders disagree on the size of such a tag.
    if (version > 4 || (hasFooter && version < 4) || sizes.some((size) => size > 127)) {
      refuseAudio("its ID3 tag is invalid");
    }
    at += 10 + sizes.reduce((sum, size) => sum * 128 + size, 0) + (hasFooter ? 10 : 0);
  }
  return at;
}

/** Returns the header of the first frame. Throws unless two frames follow it: then all decoders start with it. */
function readStart(bytes: Uint8Array, view: DataView, at: number): number {
  const headers: number[] = [];
  for (let next = at; headers.length < 3; next += readFrame(headers.at(-1) ?? 0).size) {
    if (next + 4 > bytes.length || !isMpegHeader(view.getUint32(next))) {
      refuseAudio("it does not begin with three frames");
    }
    headers.push(view.getUint32(next));
  }
  const [first = 0, second = 0, third = 0] = headers;
  const hasRateTag = RATE_TAG_OFFSETS.some((offset) => RATE_TAGS.some((tag) => startsWith(bytes, at + offset, tag)));
  if ((((hasRateTag ? third : first) ^ second) & SAME_START) !== 0) {
    refuseAudio("its first frames differ");
  }
  return first;
}

/** Returns seconds and bytes. */
function readFrame(header: number): { size: number; seconds: number } {
  const frame = readMpegHeader(header);
  if (frame.size === 0) refuseAudio("it has a free bit rate");
  return frame;
}
