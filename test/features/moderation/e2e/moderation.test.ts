// uses: slim-chat, chat-completions, responses
// Moderated chats over a socket, and what the openai package makes of a block.

import OpenAI, { BadRequestError } from "openai";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../../../support/caller.ts";
import { readUntil } from "../../../support/events.ts";
import { message, moderatedCatalog, SLIM, TWENTY } from "../support/moderated.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { startWeir } from "../../../support/weir.ts";

const FIFTY = "The river is so calm and the level is low as it is";
const BAD = " emulate-violence and all that there is to that word";
const LONG = " and on".repeat(500);
const MODEL = "o4-mini";

/** An alias for each gate. */
const catalog = moderatedCatalog({ policy: { window: { ...TWENTY, max_chars: 50 } }, timing: { keep_alive_ms: 10 } });
const gate = (moderation: object) => ({
  target: MODEL,
  strict: false,
  fallback: [],
  moderation: { input: "off" as const, output: "off" as const, policy: "default", ...moderation },
});
const weir = await startWeir({
  ...catalog,
  aliases: {
    ...catalog.aliases,
    before: gate({ input: "before" }),
    parallel: gate({ input: "parallel" }),
    window: gate({ output: "window" }),
  },
});
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const slim = (model: string, content: string) => ({ ...SLIM.body(content, true), model });

describe("on /chat", () => {
  it.each([
    ["before", { tokens: 0, requests: 0, reserved: 0 }, 1],
    ["parallel", { requests: 1, reserved: 0 }, 2],
  ])("an input that is blocked (%s) is a 400", async (model, spent, requests) => {
    const user = await weir.createUser();
    const response = await user.post(SLIM.path, slim(model, message({ tokens: 1000, delay_ms: 20 }, BAD)));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect(await user.settled()).toMatchObject(spent);
    expect(await weir.emulation.idle()).toMatchObject({ requests, completed: 1, cancelled: requests - 1 });
  });

  it("a caller who leaves while a window is judged stops the provider, and holds no lease", async () => {
    const user = await weir.createUser();
    const control = new AbortController();
    const text = `${FIFTY} emulate-moderation-ms-60000${LONG}`;
    const body = slim("window", message({ text, delay_ms: 5 }));
    const response = await user.post(SLIM.path, body, { signal: control.signal });
    await readUntil(response.body, "calm");
    await repeatUntil(weir.emulation.stats, ({ by_path: asked }) => asked["/v1/moderations"] === 2);
    expect(await user.usage()).toMatchObject({ leases: { running: 1 } });
    control.abort();
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await weir.emulation.idle()).toMatchObject({ requests: 3, completed: 1, cancelled: 2 });
  });
});

async function createClient() {
  const user = await weir.createUser();
  return { user, client: new OpenAI({ apiKey: user.token, baseURL: `${weir.url}/v1`, maxRetries: 0 }) };
}

const ask = (content: string) => [{ role: "user", content } as const];

describe("the openai client", () => {
  it.each(["before", "parallel"])("throws BadRequestError for an input that is blocked (%s)", async (model) => {
    const { user, client } = await createClient();
    const messages = ask(message({ tokens: 1000, delay_ms: 20 }, BAD));
    const failed = client.chat.completions.create({ model, messages, stream: true });
    const error: unknown = await failed.then(
      () => expect.unreachable("it was not rejected"),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, code: "content_policy_violation", param: "input" });
    expect(await user.settled()).toMatchObject({ reserved: 0 });
  });

  it("reads content_filter where an answer is blocked", async () => {
    const { user, client } = await createClient();
    const messages = ask(message({ text: FIFTY + BAD + LONG, delay_ms: 5 }));
    let text = "";
    let finish: string | null | undefined;
    for await (const { choices } of await client.chat.completions.create({ model: "window", messages, stream: true })) {
      text += choices[0]?.delta.content ?? "";
      finish = choices[0]?.finish_reason ?? finish;
    }
    expect([text, finish]).toEqual([FIFTY, "content_filter"]);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  });

  it("reads an incomplete response where an answer is blocked", async () => {
    const { client } = await createClient();
    const input = message({ text: FIFTY + BAD + LONG, delay_ms: 5 });
    const events = [];
    for await (const event of await client.responses.create({ model: "window", input, stream: true }))
      events.push(event);
    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { status: "incomplete", incomplete_details: { reason: "content_filter" } },
    });
    const text = events.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")).join("");
    expect(text).toBe(FIFTY);
  });

  it("keeps the text that came before a block in the response that it puts together", async () => {
    const { client } = await createClient();
    const input = message({ text: FIFTY + BAD + LONG, delay_ms: 5 });
    const response = await client.responses.stream({ model: "window", input }).finalResponse();
    expect(response).toMatchObject({ status: "incomplete", output_text: FIFTY });
    expect(response.output.at(-1)).toMatchObject({ type: "message", status: "incomplete" });
  });

  it("classifies", async () => {
    const { client } = await createClient();
    const { results } = await client.moderations.create({ input: ["emulate-hate", "Low."] });
    expect(results.map(({ flagged }) => flagged)).toEqual([true, false]);
  });
});
