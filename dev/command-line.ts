// Parses the command lines of dev/ and bench/. An error is one line that says what is wrong.

/** A fault of the arguments. Its message says what is wrong in one sentence. */
export class UsageError extends Error {}

/**
 * Returns the result of `parse`. Exits instead with 0 for `--help`, after printing `usage`, and with 1 when `parse`
 * throws a UsageError or an error of `parseArgs`, after one line with the fault and `usage`.
 */
export function parseCommandLine<Arguments extends { help?: boolean | undefined }>(
  usage: string,
  parse: () => Arguments,
): Arguments {
  try {
    const parsed = parse();
    if (!parsed.help) return parsed;
    console.log(`Usage: ${usage}`);
    process.exit(0);
  } catch (error) {
    console.error(`${faultOf(error)} Usage: ${usage}`);
    process.exit(1);
  }
}

/** Returns the fault of the arguments in one sentence. Throws any other error again. */
export function faultOf(error: unknown): string {
  if (error instanceof UsageError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (!code?.startsWith("ERR_PARSE_ARGS_")) throw error;
  // The other sentences are about `--`.
  const [sentence = message] = message.split(/\.\s/);
  return `${sentence.replace(/\.$/, "")}.`;
}
