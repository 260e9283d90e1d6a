// The address that `npm run dev` listens on.

import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { listenFault, toUrl } from "../../../dev/listening.ts";

test("a port that is in use is named, and a free one is no fault", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect(await listenFault("127.0.0.1", port)).toContain(`Port ${port} is in use.`);
  await new Promise((resolve) => server.close(resolve));
  expect(await listenFault("127.0.0.1", port)).toBeUndefined();
});

test("an address of another machine is not called a port in use", async () => {
  expect(await listenFault("192.0.2.1", 18_790)).toContain("This machine has no address '192.0.2.1'.");
});

test.each([
  ["127.0.0.1", "http://127.0.0.1:8787"],
  ["0.0.0.0", "http://127.0.0.1:8787"],
  ["::", "http://[::1]:8787"],
  ["localhost", "http://localhost:8787"],
])("callers of %s use %s", (ip, url) => {
  expect(toUrl(ip, "8787")).toBe(url);
});
