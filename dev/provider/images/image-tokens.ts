// The tokens of images as the provider counts them: by size and quality of the output, and by patches of the input.

/** The base of OpenAI's formula by quality. */
const BASES_OF_2: Record<string, number> = { low: 16, medium: 48, high: 96 };
const BASES_OF_2_6: Record<string, number> = { low: 16, medium: 24, high: 48, xhigh: 64, max: 96 };
/** Observed factors: images of gpt-image-2.6 cost three to four times the tokens of the formula. */
const TIMES_OF_2_6: Record<string, number> = { low: 4, medium: 4 };

const PATCH_PIXELS = 32;
const MIN_LONG_EDGE = 1024;
const MAX_PATCHES = 1536;

const isLater = (model: string) => model.startsWith("gpt-image-2.");

/** The qualities of a model. */
export const qualitiesOf = (model: string): string[] => Object.keys(isLater(model) ? BASES_OF_2_6 : BASES_OF_2);

/** The output tokens of one image. */
export function outputTokens(model: string, quality: string, width: number, height: number): number {
  const base = (isLater(model) ? BASES_OF_2_6 : BASES_OF_2)[quality] ?? 0;
  const exact = BigInt(base) * BigInt(roundHalfEven(base, width, height)) * BigInt(2_000_000 + width * height);
  const tokens = Number((exact + 3_999_999n) / 4_000_000n);
  return isLater(model) ? tokens * (TIMES_OF_2_6[quality] ?? 1) : tokens;
}

function roundHalfEven(base: number, width: number, height: number): number {
  const short = BigInt(Math.min(width, height));
  const long = BigInt(Math.max(width, height));
  const doubled = 2n * BigInt(base) * short;
  const below = Number(doubled / (2n * long));
  const rest = doubled % (2n * long);
  if (rest === long) return below + (below % 2);
  return rest > long ? below + 1 : below;
}

/** The input tokens of one image. Without a size it counts as a large one. */
export function inputTokens(size: { width: number; height: number } | undefined): number {
  if (!size || size.width === 0 || size.height === 0) return MAX_PATCHES;
  const enlarged = Math.max(1, MIN_LONG_EDGE / Math.max(size.width, size.height));
  const patches = (scale: number) =>
    Math.ceil((size.width * scale) / PATCH_PIXELS) * Math.ceil((size.height * scale) / PATCH_PIXELS);
  if (patches(enlarged) <= MAX_PATCHES) return patches(enlarged);
  const area = size.width * size.height;
  return Math.min(MAX_PATCHES, patches(Math.sqrt((MAX_PATCHES * PATCH_PIXELS ** 2) / area)));
}
