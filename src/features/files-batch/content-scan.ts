// The interface of a content scan: it checks an uploaded file line by line, before the provider stores it.

/** Checks the lines of one file. Its errors are ApiErrors for the caller. */
export interface ContentScan {
  /** Checks one line, without its line end. The first line has the number 1. Throws an error that names the number. */
  add(line: string, number: number): void | Promise<void>;
  /** Returns facts to store with the file, as JSON text. Throws when the file as a whole is not valid. */
  conclude(): string | undefined;
}
