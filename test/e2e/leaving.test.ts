import { APIUserAbortError } from "openai";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { emulate } from "../support/emulation.ts";
import { createCatalog } from "../support/catalog.ts";
import { readUntil } from "../support/events.ts";
import { createClient, rejection } from "../support/openai-client.ts";
import { OPENAI, PACES } from "../support/surface.ts";
import { startWeir } from "../support/weir.ts";

const weir = await startWeir(createCatalog({ keep_alive_ms: 10 }));
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const LONG = { tokens: 10_000, delay_ms: 5 };

describe.each(PACES)("a caller of %s who leaves", (_, surface) => {
  it("in the middle of a stream stops the provider, pays for what there was, and holds no lease", async () => {
    const user = await weir.createUser();
    const control = new AbortController();
    const body = surface.body(LONG, true);
    const response = await user.post(surface.path, body, { signal: control.signal });
    await readUntil(response.body, "river");
    expect(await user.usage()).toMatchObject({ leases: { running: 1 } });
    control.abort();

    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThanOrEqual(JSON.stringify(body).length + 2016);
    const { cancelled, completed, tokens_out: produced } = await weir.emulation.idle();
    expect({ cancelled, completed }).toEqual({ cancelled: 1, completed: 0 });
    expect(produced).toBeLessThan(2000);
  });

  // What passes natively has no keep-alive.
  it.skipIf(surface === OPENAI)("while the provider is silent is found out by the next keep-alive", async () => {
    const user = await weir.createUser();
    const control = new AbortController();
    const body = surface.body({ tokens: 50, stall_after: 5 }, true);
    const response = await user.post(surface.path, body, { signal: control.signal });
    await readUntil(response.body, ' low"');
    control.abort();
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await weir.emulation.idle()).toMatchObject({ cancelled: 1, completed: 0 });
  });

  // Nothing is written to a caller before the answer begins, and only a write finds out that nobody is there.
  it("before a stream begins stops the provider as soon as it begins", async () => {
    const user = await weir.createUser();
    const control = new AbortController();
    const body = surface.body({ ...LONG, first_ms: 200 }, true);
    const response = user.post(surface.path, body, { signal: control.signal });
    await weir.emulation.busy();
    control.abort();
    await expect(response).rejects.toThrow("abort");
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await weir.emulation.idle()).toMatchObject({ cancelled: 1, completed: 0 });
  });

  it("before a whole answer comes pays for it, and holds no lease", async () => {
    const user = await weir.createUser();
    const control = new AbortController();
    const body = surface.body({ tokens: 20, first_ms: 200 }, false);
    const response = user.post(surface.path, body, { signal: control.signal });
    await weir.emulation.busy();
    control.abort();
    await expect(response).rejects.toThrow("abort");
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(0);
  });
});

describe("a loop over the client's stream that is left stops the provider", () => {
  it("of a chat completion", async () => {
    const { client, user } = await createClient(weir);
    const messages = [{ role: "user", content: emulate(LONG) } as const];
    for await (const chunk of await client.chat.completions.create({ model: "o4-mini", messages, stream: true })) {
      if (chunk.choices[0]?.delta.content === " river") break;
    }
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await weir.emulation.idle()).toMatchObject({ cancelled: 1, completed: 0 });
  });

  it("of a response", async () => {
    const { client, user } = await createClient(weir);
    const stream = await client.responses.create({ model: "o4-mini", input: emulate(LONG), stream: true });
    for await (const event of stream) {
      if (event.type === "response.output_text.delta" && event.delta === " river") break;
    }
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await weir.emulation.idle()).toMatchObject({ cancelled: 1, completed: 0 });
  });

  it("of a response's stream that is aborted", async () => {
    const { client, user } = await createClient(weir);
    const stream = client.responses.stream({ model: "o4-mini", input: emulate(LONG) });
    stream.on("response.output_text.delta", ({ delta }) => {
      if (delta === " river") stream.abort();
    });
    expect(await rejection(stream.finalResponse())).toBeInstanceOf(APIUserAbortError);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await weir.emulation.idle()).toMatchObject({ cancelled: 1, completed: 0 });
  });
});
