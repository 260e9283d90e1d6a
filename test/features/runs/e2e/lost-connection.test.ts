// uses: slim-chat
// Phones that lose their connection, over sockets.

import { EventSource } from "eventsource";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Script } from "../../../../dev/provider/kernel/script.ts";
import { cutDemo } from "../../../../dev/runs/cut-demo.ts";
import type { Caller } from "../../../support/caller.ts";
import { createCatalog, toAlias } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { readEvents, readUntil } from "../../../support/events.ts";
import { startWeir } from "../../../support/weir.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";

const CUT_AFTER_MS = 60;
const RIVER = "Das Wehr hält den Fluß, und 🌊 fällt über die Mauer, 日本の川. ".repeat(4);

const catalog = createCatalog({ coalesce_ms: 0, keep_alive_ms: 20 });
catalog.aliases["cancelling"] = toAlias("o4-mini", { on_leave: "cancel" });
const weir = await startWeir(catalog);
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

/** A request whose answer is `text`, with a name in the provider's book. */
function createMessage(script: Script, text = RIVER) {
  const name = crypto.randomUUID().replaceAll("-", "");
  const input = `${emulate({ text, reasoning: 0, ...script })}\nemulate-bill-${name}`;
  return { key: crypto.randomUUID(), name, body: { model: "cancelling", input } };
}

/** The text of events, and the last of them. */
function joined(events: { name: string; data: string }[]) {
  const texts = events.filter(({ name }) => name === "text").map(({ data }) => JSON.parse(data) as string);
  return { text: texts.join(""), ending: events.at(-1)?.name };
}

/** Expects that the provider was asked once, finished, and was paid exactly. */
async function expectPaidOnce(user: Caller, name: string) {
  const { completed } = await weir.emulation.idle();
  expect(completed).toBe(1);
  const bills = await weir.emulation.billed(name);
  expect(bills).toHaveLength(1);
  const tokens = bills.reduce((sum, { input, output }) => sum + input + output, 0);
  expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
}

describe("an EventSource whose connections are all cut after 60 ms", () => {
  it.each(["gets the run that another request started", "repeats the POST with its key"])(
    "and that %s has the exact text, and stops by itself",
    async (way) => {
      const user = await weir.createUser();
      const { key, name, body } = createMessage({ delay_ms: 6 });
      const headers = { authorization: `Bearer ${user.token}`, "idempotency-key": key };
      const post = { method: "POST", body: JSON.stringify(body) };
      const repeats = way.startsWith("repeats");
      if (!repeats) await (await user.post("/chat", body, { headers })).body?.cancel();
      const proxy = await startCuttingProxy(weir.url, CUT_AFTER_MS);

      const source = new EventSource(repeats ? `${proxy.url}/chat` : `${proxy.url}/chat/${key}`, {
        fetch: (url, init) => fetch(url, { ...init, ...(repeats && post), headers: { ...init.headers, ...headers } }),
      });
      const events: { name: string; data: string }[] = [];
      const keep = ({ type, data }: MessageEvent) => events.push({ name: type.replace("message", "text"), data });
      for (const type of ["message", "done", "failed"]) source.addEventListener(type, keep);
      const stopped = Promise.withResolvers<number | undefined>();
      source.addEventListener("error", ({ code }) => {
        if (source.readyState === EventSource.CLOSED) stopped.resolve(code);
      });

      expect(await stopped.promise).toBe(204);
      expect(joined(events)).toEqual({ text: RIVER, ending: "done" });
      expect(proxy.cuts).toBeGreaterThan(0);
      proxy.close();
      await expectPaidOnce(user, name);
    },
  );
});

describe("a caller who leaves a run of an alias with `on_leave: cancel`", () => {
  it.each<[string, Script, string]>([
    ["before the head", { first_ms: 100 }, ""],
    ["in the middle", { delay_ms: 1 }, "und"],
    ["at the last byte of the text", { delay_ms: 1 }, "END"],
  ])("%s finds the whole answer later, and pays its usage", async (_when, script, last) => {
    const user = await weir.createUser();
    const { key, name, body } = createMessage(script, `${RIVER}END`);
    const control = new AbortController();
    const response = user.post("/chat", body, { signal: control.signal, headers: { "idempotency-key": key } });
    if (last === "") await weir.emulation.busy();
    else await readUntil((await response).body, last);
    control.abort();
    await Promise.allSettled([response]);
    await expectPaidOnce(user, name);
    const later = await user.get(`/chat/${key}`);
    expect(joined(readEvents(await later.text()))).toEqual({ text: `${RIVER}END`, ending: "done" });
  });

  it("without a key cancels the answer", async () => {
    const user = await weir.createUser();
    const control = new AbortController();
    const { body } = createMessage({ delay_ms: 10 });
    const response = await user.post("/chat", body, { signal: control.signal });
    await readUntil(response.body, "und");
    control.abort();
    expect(await weir.emulation.idle()).toMatchObject({ streams: 1, cancelled: 1 });
  });
});

it("npm run demo -- --cut prints the text once, although the connection was cut", async () => {
  const { token } = await weir.createUser();
  let printed = "";
  const print = (text: string) => void (printed += text);
  const question = emulate({ text: RIVER, delay_ms: 1 });
  expect(await cutDemo({ url: weir.url, authorization: `Bearer ${token}`, question, print })).toBe(true);
  const lines = printed.split("\n");
  expect(lines.filter((line) => line.startsWith("["))).toHaveLength(3);
  const [text] = lines
    .filter((line) => !line.startsWith("["))
    .join("")
    .split("usage: ");
  expect(text).toBe(RIVER);
});
