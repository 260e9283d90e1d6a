// uses: slim-chat, chat-completions, responses, embeddings, moderation
// Hostile callers against the built Worker with a heap of 128 MB: it lives on, and a running stream does not break.

import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { HostileBody } from "../../bench/hostile-bodies.ts";
import { hostileBodies } from "../../bench/hostile-bodies.ts";
import type { Testbed } from "../../bench/testbed.ts";
import { startTestbed } from "../../bench/testbed.ts";
import { emulate } from "../support/emulation.ts";

const STRANGERS = 20;
let testbed: Testbed;

beforeAll(async () => void (testbed = await startTestbed({ v8Flags: ["--max-heap-size=128"] })));
afterAll(() => testbed.stop());

function post(path: string, body: HostileBody["body"], index = 0): Promise<Response> {
  const { weir } = testbed;
  return fetch(weir.url + path, { method: "POST", headers: { authorization: `Bearer ${weir.token(index)}` }, body });
}

it("forty hostile bodies are answered or refused, and a stream beside them ends in done", async () => {
  const stream = await post("/chat", JSON.stringify({ input: emulate({ tokens: 40, delay_ms: 60 }) }));
  const statuses = hostileBodies().map(async ({ path, body }, index) => (await post(path, body, index)).status);
  const seen = new Set(await Promise.all(statuses));
  expect(seen).toContain(400);
  // More bodies arrive than there is memory for.
  expect(seen.difference(new Set([200, 400, 503]))).toEqual(new Set());
  expect(await stream.text()).toContain("event:done");
}, 60_000);

it("a stranger's chunked body that does not end is refused at once", async () => {
  const { hostname, port } = new URL(testbed.weir.url);
  const head = "POST /chat HTTP/1.1\r\nhost: weir\r\ntransfer-encoding: chunked\r\n\r\n";
  const send = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write(`${head}10000\r\n${"x".repeat(65_536)}\r\n`));
      socket.once("error", reject).once("data", (bytes) => {
        socket.destroy();
        resolve(bytes.toString("latin1").slice(0, 12));
      });
    });
  const answers = await Promise.all(Array.from({ length: STRANGERS }, send));
  expect(new Set(answers)).toEqual(new Set(["HTTP/1.1 401"]));
});
