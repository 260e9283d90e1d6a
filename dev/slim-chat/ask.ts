// Asks a running Weir one question, and prints the answer as it streams.

import type { EventSourceMessage } from "eventsource-parser";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Demo } from "../demo.ts";

/** Resolves with true when the answer is complete. */
export async function ask({ url, authorization, question, print }: Demo): Promise<boolean> {
  const body = JSON.stringify({ input: question });
  return printAnswer(await fetch(`${url}/chat`, { method: "POST", headers: { authorization }, body }), print);
}

/** Prints the text of an answer, and its usage. Resolves with true when the answer is complete. */
export async function printAnswer(response: Response, print: Demo["print"]): Promise<boolean> {
  if (!response.ok || !response.body) {
    console.error(await response.text());
    return false;
  }
  for await (const { event, data } of readEvents(response.body)) {
    if (event === undefined) print(JSON.parse(data) as string);
    if (event === "failed") console.error(`\n\n${data}`);
    if (event === "done") {
      const { usage, left } = JSON.parse(data) as { usage: Record<string, number>; left: Record<string, number> };
      print(`\n\nusage: ${describe(usage)} (tokens, from ${response.headers.get("weir-model")})\n`);
      print(`left:  ${describe(left)}\n`);
      return true;
    }
  }
  return false;
}

export const readEvents = (body: ReadableStream<Uint8Array>): ReadableStream<EventSourceMessage> =>
  body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());

function describe(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count.toLocaleString("en", { maximumFractionDigits: 9 })}`)
    .join(", ");
}
