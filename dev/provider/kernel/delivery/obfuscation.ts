// The padding of stream events, which hides the lengths of tokens.

const NOISE = "q7Zr2LxV9dKfT4mWbY8sHcN1jPgE6uQaR3oJtXiBkDzFvMyCw5hSnUpGlA0eOIq7Zr2LxV9dKfT4mWbY8sHcN1jPgE6u";
const PADDED_LENGTH = 16;
const NOISE_STARTS = 61;

/** Padding for a piece of that length. The same position always gives the same padding. */
export function noise(position: number, length: number): string {
  const start = (position * 7) % NOISE_STARTS;
  return NOISE.slice(start, start + PADDED_LENGTH - (length % PADDED_LENGTH));
}
