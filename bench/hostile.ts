// Hostile callers and a hostile provider against the built Worker with a heap of 128 MB, beside a running stream.

import { connect } from "node:net";
import type { HostileBody } from "./hostile-bodies.ts";
import { hostileBodies, largePhotos, largeRecordings } from "./hostile-bodies.ts";
import { startHostileProvider } from "./hostile-provider.ts";
import { cpuUs, peakMib } from "./process.ts";
import type { Server } from "./testbed.ts";
import { startTestbed } from "./testbed.ts";

const HEAP_MB = 128;
/** Connections of strangers, and the bytes of each unfinished body. */
const STRANGERS = 50;
const STRANGER_BYTES = 3_900_000;
const ANSWER_MS = 5000;
/** Providers by the kind of their answer. */
const KINDS = { errors: "500", answers: "200", bombs: "200-gzip", errorbombs: "500-gzip", pieces: "pieces" };
/** The most CPU time for a large event in small pieces. */
const MAX_CPU_MS = 1500;
/** The most that strangers, and a provider, may add to the peak memory. */
const MAX_GROWTH_MIB = 100;

let hasFailed = false;

/** Runs an attack and prints its verdict, the peak memory before and after it, and what it returned. */
async function attack(what: string, weir: Server, run: () => Promise<{ isFine: boolean; seen: string }>) {
  const before = peakMib(weir.pid);
  const { isFine, seen } = await run();
  const after = peakMib(weir.pid);
  hasFailed ||= !isFine;
  console.log(
    `${isFine ? "ok    " : "FAILED"} ${what}: peak memory ${before.toFixed(0)} → ${after.toFixed(0)} MiB; ${seen}`,
  );
}

function post(weir: Server, { path, body }: HostileBody, index: number): Promise<Response> {
  return fetch(weir.url + path, { method: "POST", headers: { authorization: `Bearer ${weir.token(index)}` }, body });
}

/** Counts the statuses and codes of the answers. It fails when a request has no answer. */
async function sendAll(weir: Server, bodies: HostileBody[]) {
  const counts: Record<string, number> = {};
  const send = async (body: HostileBody, index: number) => {
    try {
      const response = await post(weir, body, index);
      await response.text();
      return `${response.status} ${response.headers.get("weir-error") ?? ""}`.trim();
    } catch {
      return "no answer";
    }
  };
  for (const outcome of await Promise.all(bodies.map(send))) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return { isFine: counts["no answer"] === undefined, seen: JSON.stringify(counts) };
}

/** Sends chunked bodies without a token that never end. They must be refused, and not buffered. */
async function sendAsStrangers(weir: Server) {
  const before = peakMib(weir.pid);
  const { hostname, port } = new URL(weir.url);
  const head = "POST /chat HTTP/1.1\r\nhost: weir\r\ntransfer-encoding: chunked\r\n\r\n";
  const chunk = `${STRANGER_BYTES.toString(16)}\r\n${"x".repeat(STRANGER_BYTES)}\r\n`;
  const send = () =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(head + chunk));
      const finish = (answer: string) => {
        socket.destroy();
        resolve(answer);
      };
      setTimeout(finish, ANSWER_MS, "silence");
      socket.once("data", (bytes) => finish(bytes.toString("latin1").slice(9, 12)));
      socket.once("error", () => finish("reset"));
    });
  const answers = await Promise.all(Array.from({ length: STRANGERS }, send));
  const refused = answers.filter((answer) => answer === "401" || answer === "reset").length;
  const hasMemory = peakMib(weir.pid) - before < MAX_GROWTH_MIB;
  return { isFine: refused === STRANGERS && hasMemory, seen: `${refused} of ${STRANGERS} refused` };
}

/** Asks the provider of one kind, and returns its answer and the CPU time that it cost. */
async function ask(weir: Server, model: string, stream: boolean) {
  const messages = [{ role: "user", content: "Hi" }];
  const body = JSON.stringify({ model, messages, stream });
  const [memory, cpu] = [peakMib(weir.pid), cpuUs(weir.pid)];
  const response = await post(weir, { path: "/v1/chat/completions", body }, 0);
  const text = await response.text();
  const cpuMs = (cpuUs(weir.pid) - cpu) / 1000;
  const seen = `${response.status}, ${text.length} characters, ${cpuMs.toFixed(0)} ms of CPU`;
  return { response, seen, cpuMs, growth: peakMib(weir.pid) - memory };
}

/** Starts a stream of 20 s or more, and returns a function that waits for its end. */
async function startStream(weir: Server) {
  const script = JSON.stringify({ tokens: 200, delay_ms: 100 });
  const response = await post(weir, { path: "/chat", body: JSON.stringify({ input: `emulate ${script}` }) }, 1);
  const text = response.text().catch(String);
  return async () => {
    const last = (await text).slice(-200);
    return { isFine: last.includes("event:done"), seen: last.includes("event:done") ? "it ended in `done`" : last };
  };
}

async function main() {
  const provider = await startHostileProvider();
  const providers = Object.fromEntries(Object.entries(KINDS).map(([name, kind]) => [name, `${provider.url}/${kind}`]));
  const testbed = await startTestbed({ v8Flags: [`--max-heap-size=${HEAP_MB}`], providers });
  const { weir } = testbed;
  try {
    const streamEnd = await startStream(weir);
    await attack("strangers' unfinished bodies", weir, () => sendAsStrangers(weir));
    for (const name of ["errors", "answers", "bombs", "errorbombs"]) {
      await attack(`a provider's ${name} of 300 MB`, weir, async () => {
        const { response, seen, growth } = await ask(weir, name, false);
        return { isFine: response.status === 502 && growth < MAX_GROWTH_MIB, seen };
      });
    }
    await attack("an event of 0.9 MB in pieces", weir, async () => {
      const { response, seen, cpuMs } = await ask(weir, "pieces", true);
      return { isFine: response.status === 200 && cpuMs < MAX_CPU_MS, seen };
    });
    await attack("forty hostile bodies", weir, () => sendAll(weir, hostileBodies()));
    await attack("forty photos of 4 MB", weir, () => sendAll(weir, largePhotos()));
    await attack("forty recordings of 10 MB", weir, () => sendAll(weir, largeRecordings()));
    await attack("the stream beside them", weir, streamEnd);
  } finally {
    testbed.stop();
    provider.stop();
  }
  if (hasFailed) process.exitCode = 1;
}

await main();
