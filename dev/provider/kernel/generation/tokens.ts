// The emulated tokenizer. A token is a few characters with the space before them.
// It has at least one character, so a text never has more tokens than UTF-8 bytes.

const PIECE = / ?[A-Za-z]{1,6}| ?\d{1,3}| ?[^\sA-Za-z\d]|\s{1,8}/gu;

// Each word is one token, with or without a space before it.
const FILLER = ["water", "runs", "over", "the", "low", "wall", "and", "the", "river", "keeps", "its", "level", "while"];

/** Splits a text into tokens. Joined, they are the text. */
export function tokenize(text: string): string[] {
  return text.match(PIECE) ?? [];
}

/** The number of tokens of a text. */
export function countTokens(text: string): number {
  return tokenize(text).length;
}

/** Generates exactly that many tokens of filler. */
export function fillerTokens(count: number): string[] {
  const pieces: string[] = [];
  for (let index = 0; index < count; index++) {
    const word = FILLER[index % FILLER.length] ?? "";
    pieces.push(index === 0 ? word : ` ${word}`);
  }
  return pieces;
}
