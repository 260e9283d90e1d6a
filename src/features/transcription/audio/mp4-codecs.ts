// The frame length and rate of AAC and ALAC in an MP4 file.

import { AAC_SAMPLE_RATES } from "../../../core/audio/mpeg-audio.ts";
import { refuseAudio } from "./unmeasurable.ts";

/** The frames of a codec. */
export interface FrameCodec {
  frameSamples: number;
  rate: number;
  /** The most bytes of a frame that its standard allows. */
  maxFrameBytes: number;
}

const EXPLICIT_RATE = 15;
/** AAC-LC, and both versions of HE-AAC. SBR doubles the samples of a frame and also their rate. */
const AAC_OBJECT_TYPES = new Set([2, 5, 29]);
/** ISO 14496-3, section 4.5.3: 6,144 bits. */
const AAC_CHANNEL_BYTES = 768;
const MAX_CHANNELS = 8;
const MPEG_4_AUDIO = 0x40;

/** Reads the content of the box `esds`, ISO 14496-1 section 7.2.6. */
export function readAac(view: DataView, start: number): FrameCodec {
  const stream = descriptorAt(view, start + 4, 3);
  if (view.getUint8(stream + 2) > 31) refuseAudio("it describes its audio in an unusual way");
  const decoder = descriptorAt(view, stream + 3, 4);
  if (view.getUint8(decoder) !== MPEG_4_AUDIO) refuseAudio("it has audio other than AAC and ALAC");
  const configuration = descriptorAt(view, decoder + 13, 5);
  const bits = view.getUint16(configuration);
  const rateIndex = (bits >> 7) & 15;
  const explicitRate = (view.getUint32(configuration + 1) >>> 7) & 0xff_ffff;
  const rate = rateIndex === EXPLICIT_RATE ? explicitRate : AAC_SAMPLE_RATES[rateIndex];
  if (!rate || !AAC_OBJECT_TYPES.has(bits >> 11)) return refuseAudio("it has an unusual kind of AAC");
  const channels = rateIndex === EXPLICIT_RATE ? MAX_CHANNELS : (bits >> 3) & 15 || MAX_CHANNELS;
  return { frameSamples: 1024, rate, maxFrameBytes: (channels < 7 ? channels : MAX_CHANNELS) * AAC_CHANNEL_BYTES };
}

/** Returns the offset of the content of a descriptor. The length before it takes one to four bytes. */
function descriptorAt(view: DataView, at: number, tag: number): number {
  if (view.getUint8(at) !== tag) refuseAudio("it describes its audio in an unusual way");
  let content = at + 1;
  while (content < at + 4 && view.getUint8(content) > 127) content++;
  return content + 1;
}

/** Reads the content of the box `alac`: the cookie of Apple's ALACMagicCookieDescription. */
export function readAlac(view: DataView, start: number): FrameCodec {
  const rate = view.getUint32(start + 24);
  if (rate === 0) refuseAudio("its rate is 0 Hz");
  return { frameSamples: view.getUint32(start + 4), rate, maxFrameBytes: Infinity };
}
