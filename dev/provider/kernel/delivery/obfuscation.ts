// The padding of stream events: their lengths shall not tell the tokens' lengths.

const NOISE = "q7Zr2LxV9dKfT4mWbY8sHcN1jPgE6uQaR3oJtXiBkDzFvMyCw5hSnUpGlA0eOIq7Zr2LxV9dKfT4mWbY8sHcN1jPgE6u";
const PADDED_LENGTH = 16;
const NOISE_STARTS = 61;

/** Fills up a piece of that length; the same position always gives the same noise. */
export function noise(position: number, length: number): string {
  const start = (position * 7) % NOISE_STARTS;
  return NOISE.slice(start, start + PADDED_LENGTH - (length % PADDED_LENGTH));
}
