import { beforeEach, describe, expect, it } from "vitest";
import { countTokens } from "../../dev/provider/kernel/generation/tokens.ts";
import { errorOf } from "../support/caller.ts";
import { DONE, finishChunk, textChunk, usageChunk } from "../support/chat-chunks.ts";
import { readUntil } from "../support/events.ts";
import { askIn, CHAT, FORMS, message, moderatedCatalog, RESPONSES, SLIM, TWENTY } from "../support/moderated.ts";
import { besideClassifier } from "../support/moderated-providers.ts";
import { createUserOf, writtenProvider } from "../support/providers.ts";
import { repeatUntil } from "../support/repeat.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const ALLOWANCE = 1024;
const FIFTY = { ...TWENTY, max_chars: 50 };
const FIRST_FIFTY = "The river is so calm and the level is low as it is";
const SLOWLY = " emulate-moderation-ms-60000 and so on and on and on and on";
/** Says all of it, and then nothing more. */
const silentAfter = (text: string) => message({ text, stall_after: countTokens(text) });

const useGate = (window: object, timing = {}) =>
  useCatalog(moderatedCatalog({ alias: { output: "window" }, policy: { window }, timing }));

beforeEach(emulation.zero);

describe.each(FORMS)("while a window of %s is judged", (_path, form) => {
  it("a caller who leaves stops provider and classifier, pays an estimate and holds no lease", async () => {
    await useGate(FIFTY);
    const user = await createUser();
    const response = await askIn(user, form, silentAfter(FIRST_FIFTY + SLOWLY));
    const reader = await readUntil(response.body, "calm");
    await repeatUntil(emulation.stats, ({ by_path: asked }) => asked["/v1/moderations"] === 2);
    await reader.cancel();
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(ALLOWANCE);
    expect(await emulation.idle()).toMatchObject({ requests: 3, completed: 1, cancelled: 2 });
  });

  it("the caller is sent comments", async () => {
    await useGate(FIFTY, { keep_alive_ms: 10 });
    const user = await createUser();
    const response = await askIn(user, form, silentAfter(FIRST_FIFTY + SLOWLY));
    const reader = await readUntil(response.body, "\n\n:\n\n");
    await reader.cancel();
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    await emulation.idle();
  });
});

it("text is sent sentence by sentence, each when it has been judged", async () => {
  await useGate({ max_ms: 60_000 });
  const { provider, write, end } = writtenProvider();
  const user = await createUserOf(besideClassifier(provider));
  const asked = user.post(SLIM.path, SLIM.body("Hi", true));
  await write(textChunk("The river is low. "));
  const response = await asked;
  const reader = await readUntil(response.body, 'data:"The river is low. "\n\n');
  const second = readUntilEnd(reader);
  await write(textChunk("It is"));
  await write(textChunk(" quiet. "));
  await write(textChunk("Good"));
  await write(finishChunk() + usageChunk(12, 30) + DONE);
  await end();
  const [quiet, good, done] = (await second).split("\n\n");
  expect([quiet, good]).toEqual(['data:"It is quiet. "', 'data:"Good"']);
  expect(done).toContain("event:done");
  expect((await user.settled()).tokens).toBe(42);
});

it("a sentence that is blocked is not sent, and those before it are", async () => {
  await useGate({ max_ms: 60_000 });
  const { provider, write } = writtenProvider();
  const user = await createUserOf(besideClassifier(provider));
  const asked = user.post(CHAT.path, CHAT.body("Hi", true));
  await write(textChunk("The river is low.\n"));
  const response = await asked;
  const reader = await readUntil(response.body, "The river is low.");
  const rest = readUntilEnd(reader);
  await write(textChunk("emulate-violence!\n"));
  expect(await rest).toMatch(/^data: \{[^\n]*"finish_reason":"content_filter"\}\]\}\n\ndata: \[DONE\]\n\n$/);
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
});

async function readUntilEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += decoder.decode(next.value);
  return text;
}

describe("the arguments of a tool's call are judged", () => {
  const parameters = { type: "object", properties: { what: { const: "emulate-violence" } }, required: ["what"] };
  const tool = { name: "look_up", description: "Looks something up.", parameters };
  const question = "What is it?";
  const BODIES = [
    [SLIM, { tools: [tool] }],
    [CHAT, { tools: [{ type: "function", function: tool }] }],
    [RESPONSES, { tools: [{ type: "function", ...tool }] }],
  ] as const;

  it.each(BODIES.map(([form, tools]) => [form.path, form, tools] as const))(
    "streamed on %s",
    async (_path, form, tools) => {
      await useGate({});
      const user = await createUser();
      const text = await (await user.post(form.path, { ...form.body(question, true), ...tools })).text();
      expect(form.ending(text)).toBe(form.blocked);
      expect(text).not.toMatch(/event:tool|call_arguments|"arguments":"[^"]/);
      expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    },
  );

  it.each(BODIES.map(([form, tools]) => [form.path, form, tools] as const))(
    "whole on %s",
    async (_path, form, tools) => {
      await useGate({});
      const user = await createUser();
      const response = await user.post(form.path, { ...form.body(question, false), ...tools });
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation" });
      expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    },
  );
});
