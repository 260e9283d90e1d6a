// Frame headers and rates of MPEG audio: all layers of MPEG 1, 2 and 2.5 (ISO 11172-3, 13818-3), and AAC.

/** Sample rates of AAC by their index, ISO 14496-3 table 1.18. */
export const AAC_SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];

/** Kilobits per second by the index in the header. */
const LOW_BIT_RATES = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/** Bit rates of the layers I to III. */
const MPEG_1_BIT_RATES = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
];
const MPEG_2_BIT_RATES = [
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  LOW_BIT_RATES,
  LOW_BIT_RATES,
];
const SAMPLE_RATES = [44_100, 48_000, 32_000];

/** Tests if any decoder could read these 32 bits as a header. */
export function isMpegHeader(header: number): boolean {
  return (
    header >>> 21 === 0x7ff &&
    ((header >>> 19) & 3) !== 1 &&
    ((header >>> 17) & 3) !== 0 &&
    ((header >>> 12) & 15) !== 15 &&
    ((header >>> 10) & 3) !== 3
  );
}

/** Reads a valid header. `size` is in bytes, and 0 when the bit rate is free. The layers are 1 to 3. */
export function readMpegHeader(header: number): { layer: number; size: number; seconds: number } {
  const version = (header >>> 19) & 3;
  const layer = 4 - ((header >>> 17) & 3);
  const isMpeg1 = version === 3;
  const kilobits = (isMpeg1 ? MPEG_1_BIT_RATES : MPEG_2_BIT_RATES)[layer - 1]?.[(header >>> 12) & 15] ?? 0;
  // MPEG 2 halves the rates, and MPEG 2.5 halves them again.
  const rate = (SAMPLE_RATES[(header >>> 10) & 3] ?? 0) / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 3 && !isMpeg1 ? 576 : 1152;
  const slot = layer === 1 ? 4 : 1;
  const slots = Math.floor((samples * kilobits * 125) / rate / slot);
  return { layer, size: kilobits && (slots + ((header >>> 9) & 1)) * slot, seconds: samples / rate };
}
