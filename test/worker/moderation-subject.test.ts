import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { moderatedCatalog } from "../support/moderated.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const BAD = "emulate-violence";
const PICTURE = `https://example.com/${BAD}.png`;
const MODEL = { model: "o4-mini" };
const HI = { role: "user", content: "Hi" };
const CALL = { id: "call_1", type: "function", function: { name: "look_up", arguments: `{"word":"${BAD}"}` } };

const slim = (fields: object) => ["/chat", { ...MODEL, stream: false, ...fields }] as const;
const chat = (messages: object[]) => ["/v1/chat/completions", { ...MODEL, messages }] as const;
const responses = (fields: object) => ["/v1/responses", { ...MODEL, ...fields }] as const;

type Asked = readonly [path: string, body: object];

const JUDGED: [what: string, Asked][] = [
  ["history of /chat", slim({ input: [{ role: "user", content: BAD }, { role: "assistant", content: "No." }, HI] })],
  ["an earlier answer of /chat", slim({ input: [{ role: "assistant", content: BAD }, HI] })],
  ["a system message of /chat", slim({ input: [{ role: "system", content: BAD }, HI] })],
  ["instructions of /chat", slim({ input: "Hi", instructions: BAD })],
  [
    "a tool's result of /chat",
    slim({
      input: [
        HI,
        { role: "assistant", tools: [{ id: "call_1", name: "look_up", arguments: "{}" }] },
        { role: "tool", id: "call_1", content: BAD },
      ],
    }),
  ],
  [
    "the arguments of an earlier call of /chat",
    slim({
      input: [
        HI,
        { role: "assistant", tools: [{ id: "call_1", name: "look_up", arguments: CALL.function.arguments }] },
        { role: "tool", id: "call_1", content: "Nothing." },
      ],
    }),
  ],
  ["a part of a message of /chat", slim({ input: [{ role: "user", content: [{ type: "text", text: BAD }] }] })],
  ["an image of /chat", slim({ input: [{ role: "user", content: [{ type: "image", url: PICTURE }] }] })],
  ["history of Chat Completions", chat([{ role: "user", content: BAD }, { role: "assistant", content: "No." }, HI])],
  ["a system message of Chat Completions", chat([{ role: "system", content: BAD }, HI])],
  [
    "a developer message of Chat Completions",
    chat([{ role: "developer", content: [{ type: "text", text: BAD }] }, HI]),
  ],
  [
    "a call and its result of Chat Completions",
    chat([
      HI,
      { role: "assistant", content: null, tool_calls: [CALL] },
      { role: "tool", tool_call_id: "call_1", content: "" },
    ]),
  ],
  [
    "a tool's result of Chat Completions",
    chat([
      HI,
      { role: "assistant", content: null, tool_calls: [{ ...CALL, function: { name: "look_up", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "call_1", content: BAD },
    ]),
  ],
  [
    "an image of Chat Completions",
    chat([{ role: "user", content: [{ type: "image_url", image_url: { url: PICTURE } }] }]),
  ],
  [
    "history of Responses",
    responses({ input: [{ role: "user", content: BAD }, { role: "assistant", content: "No." }, HI] }),
  ],
  ["instructions of Responses", responses({ input: "Hi", instructions: BAD })],
  ["a system message of Responses", responses({ input: [{ role: "system", content: BAD }, HI] })],
  [
    "a tool's result of Responses",
    responses({
      input: [
        { type: "function_call", call_id: "call_1", name: "look_up", arguments: "{}" },
        { type: "function_call_output", call_id: "call_1", output: BAD },
      ],
    }),
  ],
  [
    "the arguments of an earlier call of Responses",
    responses({
      input: [
        { type: "function_call", call_id: "call_1", name: "look_up", arguments: CALL.function.arguments },
        { type: "function_call_output", call_id: "call_1", output: "Nothing." },
      ],
    }),
  ],
  [
    "an image of Responses",
    responses({ input: [{ role: "user", content: [{ type: "input_image", image_url: PICTURE }] }] }),
  ],
];

beforeEach(emulation.zero);

describe("of the input is judged", () => {
  it.each(JUDGED)("%s", async (_what, [path, body]) => {
    await useCatalog(moderatedCatalog({ alias: { input: "before" } }));
    const user = await createUser();
    const response = await user.post(path, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
  });

  it.each([slim({ input: "Hi" }), chat([HI]), responses({ input: "Hi" })])(
    "not what the alias adds, on %s",
    async (path, body) => {
      await useCatalog(moderatedCatalog({ alias: { input: "before" }, instructions: `Never say ${BAD}.` }));
      const response = await (await createUser()).post(path, body);
      expect(response.status).toBe(200);
      const { last } = await emulation.stats();
      expect(JSON.stringify(last?.body)).toContain(BAD);
    },
  );
});

const ask = async () => (await createUser()).post(...slim({ input: BAD }));

describe("whose moderation holds", () => {
  it.each([
    ["the plan's", { alias: { input: "off" }, plan: { input: "before" } }],
    ["the alias'", { alias: { input: "before" }, plan: { input: "off" } }],
  ] as const)("is %s, where it is the stricter one", async (_, moderations) => {
    await useCatalog(moderatedCatalog(moderations));
    expect((await ask()).status).toBe(400);
  });

  it("is the plan's, where the alias has none", async () => {
    await useCatalog(moderatedCatalog({ plan: { input: "before" } }));
    expect((await ask()).status).toBe(400);
  });

  it("is nobody's, where neither has one", async () => {
    await useCatalog(moderatedCatalog({}));
    expect((await ask()).status).toBe(200);
    expect((await emulation.stats()).by_path).not.toHaveProperty("/v1/moderations");
  });

  it("is by the policy that it names", async () => {
    const policies = { mild: { categories: { violence: { from: 0.99, action: "block" } } } };
    await useCatalog(moderatedCatalog({ alias: { input: "before", policy: "mild" }, policies }));
    expect((await ask()).status).toBe(200);
    expect((await emulation.stats()).by_path).toHaveProperty("/v1/moderations");
  });
});
