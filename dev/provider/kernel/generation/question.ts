// Extracts words from a question, for generated sentences, tool arguments and JSON values.

const MOST_WORDS = 3;
const LONGEST_WORD = 12;
const PLAIN_WORDS = new Set(
  (
    "a about am an any and are as at be but by can could did do does for from give had has have how i i'm if in is " +
    "it its just let like make may me my no not of on or our please s say should show so some t tell than that the " +
    "their them then there these they this to us use was we were what what's when where which who why will with " +
    "would write you your"
  ).split(" "),
);

/** All words of a text, in order. */
export function allWords(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu) ?? [];
}

/** Up to three words that a question is probably about, shortened to 12 characters. */
export function keywords(text: string): string[] {
  const words = [...new Set(allWords(text))];
  const telling = words.filter(isTelling);
  return (telling.length > 0 ? telling : words).slice(0, MOST_WORDS).map(shortenWord);
}

/** Words that could be values. Names come first: capitalised words that do not begin the text. */
export function likelyValues(text: string): string[] {
  const names = allWords(text)
    .slice(1)
    .filter((word) => /^\p{Lu}/u.test(word) && isTelling(word));
  return [...new Set([...names.map(shortenWord), ...keywords(text)])];
}

/** The first characters of a text, without splitting a surrogate pair. */
export function shorten(text: string, length: number): string {
  return Array.from(text.slice(0, 2 * length))
    .slice(0, length)
    .join("");
}

function isTelling(word: string): boolean {
  return !PLAIN_WORDS.has(word.toLowerCase());
}

function shortenWord(word: string): string {
  return shorten(word, LONGEST_WORD);
}
