// A caller who leaves /v1/chat/completions stops the provider, and the answer is settled.

import { afterEach, beforeEach, expect, it } from "vitest";
import { emulate } from "../../../support/emulation.ts";
import { readUntil } from "../../../support/events.ts";
import { createClient } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";
import { COMPLETIONS } from "../support/surface.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const LONG = { tokens: 10_000, delay_ms: 5 };

it.each(COMPLETIONS)("a caller who leaves a stream %s stops the provider", async (_, surface) => {
  const user = await weir.createUser();
  const control = new AbortController();
  const response = await user.post(surface.path, surface.body(LONG, true), { signal: control.signal });
  await readUntil(response.body, "river");
  control.abort();
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  expect(await weir.emulation.idle()).toMatchObject({ streams: 1, cancelled: 1 });
});

it("leaving a loop over the client's stream stops the provider", async () => {
  const { client, user } = await createClient(weir);
  const messages = [{ role: "user", content: emulate(LONG) } as const];
  for await (const chunk of await client.chat.completions.create({ model: "o4-mini", messages, stream: true })) {
    if (chunk.choices[0]?.delta.content === " river") break;
  }
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  expect(await weir.emulation.idle()).toMatchObject({ streams: 1, cancelled: 1 });
});
