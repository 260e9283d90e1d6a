// A bad network: a proxy that cuts every connection some milliseconds after its first answer has begun.

import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";

/** The reconnection time in the streams of runs, and a shorter one of the same length, so that a test waits less. */
const RETRY = ["retry:1000", "retry:0010"] as const;

/** Starts a proxy to the server at `url`. */
export async function startCuttingProxy(url: string, cutAfterMs: number) {
  const { hostname, port } = new URL(url);
  let cuts = 0;
  const server = createServer((phone) => {
    const weir = connect(Number(port), hostname);
    const close = () => [phone, weir].forEach((socket) => socket.destroy());
    for (const socket of [phone, weir]) socket.on("error", close).on("close", close);
    phone.pipe(weir);
    weir.on("data", (bytes) => phone.write(bytes.toString("latin1").replace(...RETRY), "latin1"));
    weir.once("data", () => {
      const timer = setTimeout(() => {
        cuts += 1;
        close();
      }, cutAfterMs);
      phone.once("close", () => clearTimeout(timer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The connections that were cut so far. */
    get cuts() {
      return cuts;
    },
    close: () => server.close(),
  };
}
