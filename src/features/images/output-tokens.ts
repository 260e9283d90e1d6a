// The output tokens of an image by its size, and the sizes that OpenAI's models make.
// Pure: sizes and the card's numbers in, tokens out.

import { apiError } from "../../core/errors.ts";

/** Pixels. */
export interface ImageSize {
  width: number;
  height: number;
}

/** Limits of gpt-image-2 and later models, by OpenAI's image guide. */
const EDGE_STEP = 16;
const MAX_EDGE = 3840;
const MAX_RATIO = 3;
const MIN_PIXELS = 655_360;
const MAX_PIXELS = 8_294_400;

/** Reads a size such as `1024x1536`. Throws 400 `unsupported_value` with the rule that it breaks. */
export function readImageSize(size: string): ImageSize {
  const pixels = parseSize(size);
  const rule = brokenRule(pixels);
  if (rule === undefined) return pixels;
  const message = `'size' is '${size}', but ${rule}. Send a size such as '1024x1024', or 'auto'.`;
  throw apiError("unsupported_value", message, { param: "size" });
}

/** Tests if OpenAI's models make images of a size. */
export const isImageSize = (size: string): boolean => brokenRule(parseSize(size)) === undefined;

function parseSize(size: string): ImageSize {
  const [, width = NaN, height = NaN] = (/^(\d{1,5})x(\d{1,5})$/.exec(size) ?? []).map(Number);
  return { width, height };
}

function brokenRule({ width, height }: ImageSize): string | undefined {
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  const pixels = width * height;
  if (Number.isNaN(pixels)) return "it must be the width and the height in pixels";
  if (width % EDGE_STEP !== 0 || height % EDGE_STEP !== 0) return `both edges must be multiples of ${EDGE_STEP}`;
  if (long > MAX_EDGE) return `an edge may have at most ${MAX_EDGE} pixels`;
  if (long > MAX_RATIO * short) return `the long edge may be at most ${MAX_RATIO} times the short edge`;
  if (pixels < MIN_PIXELS) return `an image must have at least ${MIN_PIXELS} pixels`;
  return pixels > MAX_PIXELS ? `an image may have at most ${MAX_PIXELS} pixels` : undefined;
}

/**
 * The output tokens of one image, by the formula of OpenAI's image guide; `base` depends on the quality. All numbers
 * before the division are integers below 2^53 for a base of up to 10,000, and the quotient has fewer than 34 bits, so
 * rounding up is exact.
 */
export function formulaTokens(base: number, { width, height }: ImageSize): number {
  const across = divideHalfEven(base * Math.min(width, height), Math.max(width, height));
  return Math.ceil((base * across * (2_000_000 + width * height)) / 4_000_000);
}

/** Divides integers. Rounds to the nearest integer, and halves to the even one. */
function divideHalfEven(dividend: number, divisor: number): number {
  const rest = dividend % divisor;
  const quotient = (dividend - rest) / divisor;
  const isUp = 2 * rest > divisor || (2 * rest === divisor && quotient % 2 === 1);
  return isUp ? quotient + 1 : quotient;
}
