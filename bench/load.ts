// The callers of the benchmark: requests over real sockets. They keep what arrives and look at nothing, since they
// share the machine with what is measured.

import { Agent, request } from "node:http";
import type { Answer } from "./answer.ts";
import type { Asked } from "./asked.ts";

export interface Target {
  url: string;
  token: (index: number) => string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1000 });

/** One request as the user of that index, and all of its answer. */
export function ask(target: Target, { path, body }: Asked, index = 0): Promise<Answer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${target.token(index)}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const sent = request(target.url + path, { method: "POST", agent, headers }, (response) => {
      const answer: Answer = { status: response.statusCode ?? 0, pieces: [] };
      response.on("data", (bytes: Buffer) => answer.pieces.push({ at: performance.now() - startedAt, bytes }));
      response.on("end", () => resolve(answer));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** `count` requests, so many at once. */
export async function askMany(target: Target, asked: Asked, count: number, parallel: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const work = async () => {
    while (next < count) {
      const index = next++;
      answers[index] = await ask(target, asked, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, count) }, work));
  return answers;
}

/** Sends a request and leaves after the first piece. Throws when the answer is not the one asked for. */
export function leave(target: Target, { path, body, status }: Asked): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${target.token(0)}`, "content-type": "application/json" };
    const sent = request(target.url + path, { method: "POST", headers }, (response) => {
      response.once("data", () => {
        response.destroy();
        if (response.statusCode === status) resolve();
        else reject(new Error(`${path} answered ${response.statusCode}, not ${status}`));
      });
      response.on("error", () => undefined);
      response.on("close", () => reject(new Error(`${path} ended before its caller left`)));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
