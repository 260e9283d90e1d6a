// The sizes that OpenAI's image models make, for properties.

import * as fc from "fast-check";

const edge = fc.integer({ min: 30, max: 240 }).map((steps) => 16 * steps);

export const LEGAL_SIZES = fc
  .record({ width: edge, height: edge })
  .filter(({ width, height }) => Math.max(width, height) <= 3 * Math.min(width, height))
  .filter(({ width, height }) => width * height >= 655_360 && width * height <= 8_294_400);
