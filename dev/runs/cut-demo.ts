// `npm run demo -- --cut`: a phone loses its connection in the middle of an answer, and reads the rest later.

import { setTimeout as sleep } from "node:timers/promises";
import type { Demo } from "../demo.ts";
import { printAnswer, readEvents } from "../slim-chat/ask.ts";

const LAST_EVENT = "2";
const OFFLINE_MS = 300;

/** Prints the text once, and a line in brackets for each step. Resolves with true when the answer is complete. */
export async function cutDemo({ url, authorization, question, print }: Demo): Promise<boolean> {
  // A phone makes the key before it sends the message, and stores both.
  const key = crypto.randomUUID();
  const connection = new AbortController();
  const response = await fetch(`${url}/chat`, {
    method: "POST",
    headers: { authorization, "idempotency-key": key },
    body: JSON.stringify({ input: question }),
    signal: connection.signal,
  });
  if (!response.ok || !response.body) return printAnswer(response, print);
  print(`[started with idempotency-key ${key}]\n`);

  let lastEventId = "0";
  for await (const { id, event, data } of readEvents(response.body)) {
    if (event === undefined) print(JSON.parse(data) as string);
    lastEventId = id ?? lastEventId;
    if (lastEventId === LAST_EVENT) break;
  }
  connection.abort();
  print(`\n[cut after event ${lastEventId}; the answer goes on without its reader]\n`);
  await sleep(OFFLINE_MS);

  print(`[resumed: GET /chat/${key} with last-event-id ${lastEventId}]\n`);
  const headers = { authorization, "last-event-id": lastEventId };
  return printAnswer(await fetch(`${url}/chat/${key}`, { headers }), print);
}
