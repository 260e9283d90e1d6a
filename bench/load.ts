// The callers of the benchmark: requests over real sockets, and when each piece of their answers arrived.

import { Agent, request } from "node:http";

export interface Target {
  url: string;
  token: (index: number) => string;
}

export interface Asked {
  path: string;
  body: string;
}

export interface Answer {
  status: number;
  bytes: number;
  /** Arrival of each piece, in ms since the request was sent; the first is the time to first byte. */
  at: number[];
  text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1000 });

/** One request; `keepText` for who looks at what was said. */
export function ask(target: Target, { path, body }: Asked, index = 0, keepText = false): Promise<Answer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${target.token(index)}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const sent = request(target.url + path, { method: "POST", agent, headers }, (response) => {
      const answer: Answer = { status: response.statusCode ?? 0, bytes: 0, at: [], text: "" };
      response.on("data", (piece: Buffer) => {
        answer.at.push(performance.now() - startedAt);
        answer.bytes += piece.length;
        if (keepText) answer.text += piece.toString();
      });
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

/** Sends a request, leaves after the first piece, and tells when. */
export function leave(target: Target, { path, body }: Asked): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${target.token(0)}`, "content-type": "application/json" };
    const sent = request(target.url + path, { method: "POST", headers }, (response) => {
      response.once("data", () => {
        response.destroy();
        resolve();
      });
      response.on("error", () => undefined);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
