// How a command of dev/ is told its words: where it does not understand them, it says in one line what it takes.

/**
 * What `read` makes of the words. Prints `usage` and exits instead: with 0 for `--help`, and with 1 where `read`
 * throws.
 */
export function understand<Words extends { help?: boolean | undefined }>(usage: string, read: () => Words): Words {
  let words: Words | undefined;
  try {
    words = read();
  } catch {
    // The usage says what was wrong.
  }
  if (words && !words.help) return words;
  if (words) console.log(`Usage: ${usage}`);
  else console.error(`Usage: ${usage}`);
  process.exit(words ? 0 : 1);
}
