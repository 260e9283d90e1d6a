// The emulated tokenizer: cuts a text into pieces of a few characters, each with the space before it, as byte-level
// vocabularies do. A piece has at least one character, so there are never more tokens than UTF-8 bytes.

const PIECE = / ?[A-Za-z]{1,6}| ?\d{1,3}| ?[^\sA-Za-z\d]|\s{1,8}/gu;

// Each of them is one token, with a space in front of it or without.
const FILLER = ["water", "runs", "over", "the", "low", "wall", "and", "the", "river", "keeps", "its", "level", "while"];

/** The tokens of a text; joined they are the text. */
export function tokenize(text: string): string[] {
  return text.match(PIECE) ?? [];
}

/** How many tokens a text has. */
export function countTokens(text: string): number {
  return tokenize(text).length;
}

/** A text of exactly that many tokens, in pieces. */
export function fillerTokens(count: number): string[] {
  const pieces: string[] = [];
  for (let index = 0; index < count; index++) {
    const word = FILLER[index % FILLER.length] ?? "";
    pieces.push(index === 0 ? word : ` ${word}`);
  }
  return pieces;
}
