// The text and the end of a slim stream.

import { readSaid } from "../../../support/said.ts";

/** Returns the text of a slim stream, and its last event: `done`, or the code of the error. */
export function heardIn(stream: string): [text: string, end: string | undefined] {
  const [, failed] = /event:failed\ndata:.*"code":"(\w+)".*\n\n$/.exec(stream) ?? [];
  return [readSaid(stream), failed ?? /event:(\w+)\ndata:.*\n\n$/.exec(stream)?.[1]];
}
