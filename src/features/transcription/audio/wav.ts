// The duration of a WAV file, from the bytes of its samples.

import { dataViewOf, fourCharacters } from "./audio-bytes.ts";
import { refuseDisguisedSamples } from "./disguise.ts";
import { refuseAudio } from "./unmeasurable.ts";

const RF64 = fourCharacters("RF64");
const FORMAT_CHUNK = fourCharacters("fmt ");
const DATA_CHUNK = fourCharacters("data");

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
/** An extensible format ends in a Microsoft identifier: the format tag, and these bytes for PCM and float. */
const IDENTIFIER_REST = [0x0000_0000, 0x1000_8000, 0x00aa_0038, 0x9b71];

interface WavFormat {
  bytesPerSecond: number;
  bits: number;
}

/** Returns seconds. Throws when the samples are compressed, or when two decoders could find different ones. */
export function measureWav(bytes: Uint8Array): number {
  const view = dataViewOf(bytes);
  let format: WavFormat | undefined;
  let seconds: number | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const chunk = view.getUint32(at);
    let size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (chunk === FORMAT_CHUNK) {
      if (format) refuseAudio("it states its format twice");
      format = readFormat(view, start, size);
    } else if (chunk === DATA_CHUNK) {
      if (!format) return refuseAudio("it states its format after its data");
      if (seconds !== undefined) refuseAudio("it has several chunks of data");
      // A recorder that streams does not know the size. RF64 stores it in another chunk.
      const left = bytes.length - start;
      if (size === 0 || size > left || view.getUint32(0) === RF64) size = left;
      seconds = size / format.bytesPerSecond;
      if (format.bits === 16) refuseDisguisedSamples(bytes, start, format.bytesPerSecond);
    }
    // Chunks begin at even offsets.
    at = start + size + (size % 2);
  }
  return seconds ?? refuseAudio("it has no data");
}

function readFormat(view: DataView, at: number, size: number): WavFormat {
  if (size < 16) refuseAudio("its format chunk is too short");
  let tag = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const rate = view.getUint32(at + 4, true);
  const frameBytes = view.getUint16(at + 12, true);
  const bits = view.getUint16(at + 14, true);
  if (tag === EXTENSIBLE) {
    const validBits = view.getUint16(at + 18, true);
    // Some decoders read the sample size from the valid bits.
    if (validBits > 0 && Math.ceil(validBits / 8) * 8 !== bits) refuseAudio("it pads its samples");
    const rest = [view.getUint32(at + 26), view.getUint32(at + 30), view.getUint32(at + 34), view.getUint16(at + 38)];
    if (size >= 40 && rest.join() === IDENTIFIER_REST.join()) tag = view.getUint16(at + 24, true);
  }
  const allowedBits = tag === PCM ? [8, 16, 24, 32] : tag === FLOAT ? [32, 64] : [];
  if (!allowedBits.includes(bits)) refuseAudio("its samples are neither PCM nor float");
  if (channels < 1 || channels > 8) refuseAudio(`it has ${channels} channels, not 1 to 8`);
  if (rate < 8000 || rate > 192_000) refuseAudio(`its rate is ${rate} Hz, not 8,000 to 192,000`);
  if (frameBytes * 8 !== channels * bits) refuseAudio("its sample size and its block size disagree");
  return { bytesPerSecond: rate * frameBytes, bits };
}
