// The command line of the commands in dev/: arguments, or a one-line usage.

/** Returns the result of `parse`. Prints `usage` and exits instead: with 0 for `--help`, with 1 when `parse` throws. */
export function parseCommandLine<Arguments extends { help?: boolean | undefined }>(
  usage: string,
  parse: () => Arguments,
): Arguments {
  let parsed: Arguments | undefined;
  try {
    parsed = parse();
  } catch {
    // The usage line replaces the error.
  }
  if (parsed && !parsed.help) return parsed;
  if (parsed) console.log(`Usage: ${usage}`);
  else console.error(`Usage: ${usage}`);
  process.exit(parsed ? 0 : 1);
}
