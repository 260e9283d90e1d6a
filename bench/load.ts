// The benchmark's callers: requests over real sockets.
// They only record the chunks, because parsing would take CPU time from the measured processes.

import { Agent, request as httpRequest } from "node:http";
import type { Answer } from "./answer.ts";
import type { BenchRequest } from "./requests.ts";

export interface Target {
  url: string;
  token: (index: number) => string;
}

const agent = new Agent({ keepAlive: true });

/** Sends a request as the user of that index and returns the complete answer. */
export function send(target: Target, request: BenchRequest, index = 0): Promise<Answer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const sent = httpRequest(target.url + request.path, optionsOf(target, request, index), (response) => {
      const answer: Answer = { status: response.statusCode ?? 0, chunks: [] };
      response.on("data", (bytes: Buffer) => answer.chunks.push({ at: performance.now() - startedAt, bytes }));
      response.on("end", () => resolve(answer));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(request.body);
  });
}

function optionsOf(target: Target, { method = "POST", body, headers }: BenchRequest, index: number) {
  const all = {
    authorization: `Bearer ${target.token(index)}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers?.(),
  };
  return { method, agent, headers: all };
}

/** Sends `count` requests, `parallel` at a time. Each index is another user. */
export async function sendMany(
  target: Target,
  request: BenchRequest,
  count: number,
  parallel: number,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const work = async () => {
    while (next < count) {
      const index = next++;
      answers[index] = await send(target, request, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, count) }, work));
  return answers;
}

/** Sends a request and disconnects after the first chunk. Throws when the status is not the expected one. */
export function sendAndLeave(target: Target, request: BenchRequest, index = 0): Promise<void> {
  const { path, status, body } = request;
  return new Promise((resolve, reject) => {
    const sent = httpRequest(target.url + path, optionsOf(target, request, index), (response) => {
      response.once("data", () => {
        response.destroy();
        if (response.statusCode === status) resolve();
        else reject(new Error(`${path} answered ${response.statusCode}, not ${status}`));
      });
      response.on("error", () => undefined);
      response.on("close", () => reject(new Error(`${path} ended before the caller disconnected`)));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
