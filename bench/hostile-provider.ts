// A provider whose answers are too large, or come in tiny pieces.

import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

const PIECE_BYTES = 1024 * 1024;
const HUGE_BYTES = 300 * PIECE_BYTES;
/** The length of one event, and of the pieces in which it is sent. */
const EVENT_BYTES = 900_000;
const EVENT_PIECE_BYTES = 60;

/** The base URL of each kind of answer is this URL and the kind: `500`, `200`, `500-gzip`, `200-gzip`, `pieces`. */
export function startHostileProvider(): Promise<{ url: string; stop: () => void }> {
  const bomb = gzipSync(Buffer.alloc(HUGE_BYTES, " "));
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const kind = request.url?.split("/")[1] ?? "";
      if (kind === "pieces") return sendPieces(response);
      const [status, encoding] = kind.split("-");
      const compressed = encoding === undefined ? {} : { "content-encoding": encoding };
      response.writeHead(Number(status), { "content-type": "application/json", ...compressed });
      if (encoding !== undefined) response.end(bomb);
      else sendHuge(response, HUGE_BYTES);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      const stop = () => {
        server.closeAllConnections();
        server.close();
      };
      resolve({ url: `http://127.0.0.1:${port}`, stop });
    });
  });
}

function sendHuge(response: ServerResponse, left: number): void {
  if (response.destroyed) return;
  if (left <= 0) response.end();
  else response.write(Buffer.alloc(PIECE_BYTES, " "), () => sendHuge(response, left - PIECE_BYTES));
}

/** Sends one long event in pieces that the receiver reads one by one. */
function sendPieces(response: ServerResponse): void {
  const chunk = { choices: [{ index: 0, delta: { content: "x".repeat(EVENT_BYTES) }, finish_reason: "stop" }] };
  const bytes = Buffer.from(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
  response.socket?.setNoDelay(true);
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write('data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n');
  const send = (from: number): void => {
    if (response.destroyed) return;
    if (from >= bytes.length) response.end();
    else
      response.write(bytes.subarray(from, from + EVENT_PIECE_BYTES), () =>
        setImmediate(send, from + EVENT_PIECE_BYTES),
      );
  };
  send(0);
}
