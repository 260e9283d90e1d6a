// The provider's book: the tokens that it bills for each request, at the moment when the work ended.
import { beforeEach, describe, expect, it } from "vitest";
import { Bill } from "../../../dev/provider/kernel/bill.ts";
import { countTokens } from "../../../dev/provider/kernel/generation/tokens.ts";
import type { Script } from "../../../dev/provider/kernel/script.ts";
import type { Stats } from "../../../dev/provider/kernel/exchange.ts";
import { complete, readFirst, readJson, scripted, send, sendChat } from "../support/client.ts";

const START = Date.UTC(2026, 9, 1);
const NAMED = "emulate-bill-river";

/** The tokens of a prompt of one message. */
const promptOf = (text: unknown) => 3 + 4 + countTokens(String(text));

const billOf = (script: Script, isWhole = false) => {
  const bill = new Bill("/v1/responses", undefined);
  bill.begin({ model: "o4-mini", promptTokens: 20, reasoning: 100, tokens: 50, isWhole, script }, START);
  return { bill, at: (ms: number) => bill.read(START + ms).output };
};

const readBook = async () => (await readJson<Stats>(await send("GET", "/__stats"))).billed;
const readNamed = async () => (await readBook()).by_name["river"];
const script = (demands: Script) => scripted({ reasoning: 0, ...demands }, NAMED);
const inputOf = ([message]: ReturnType<typeof script>) => promptOf(message?.content);

/** The usage of an answer beyond its limit, without the tokens of the prompt. */
const usageOf = async (demands: Script) => {
  const messages = script({ tokens: 9, reasoning: 3, over_limit: true, ...demands });
  const { usage } = await complete({ messages, max_completion_tokens: 4 });
  return { ...usage, prompt_tokens: Number(usage?.prompt_tokens) - inputOf(messages) };
};

beforeEach(async () => {
  await send("DELETE", "/__stats");
});

describe("a bill", () => {
  it("grows with the thinking, before and after the head, and then with the text", () => {
    const { bill, at } = billOf({ first_ms: 100, think_ms: 300, delay_ms: 10 });
    expect([at(0), at(100), at(399), at(400), at(410), at(889), at(5000)]).toEqual([0, 25, 99, 101, 102, 149, 150]);
    expect(bill.read(START).input).toBe(20);
  });

  it("does not grow beyond a fault or after the end, and an error status costs nothing", () => {
    expect(billOf({ delay_ms: 10, stall_after: 7 }).at(5000)).toBe(107);
    const { bill, at } = billOf({ delay_ms: 10 });
    bill.end("cancelled", START + 95);
    bill.end("completed", START + 200);
    expect(at(5000)).toBe(110);
    const refused = billOf({ delay_ms: 10 });
    refused.bill.end("refused", START + 95);
    expect(refused.bill.read(START + 95)).toMatchObject({ model: null, input: 0, output: 0 });
  });

  it("has what a reader took of a stream without pauses, and all of an answer that is not streamed", () => {
    const { bill, at } = billOf({});
    bill.countSent(3);
    expect([at(0), billOf({}, true).at(0)]).toEqual([103, 150]);
  });

  it("is whole when the provider goes on after its caller has left", () => {
    const { bill, at } = billOf({ delay_ms: 10, goes_on: true });
    bill.end("cancelled", START + 20);
    expect(at(20)).toBe(150);
  });
});

describe("the book", () => {
  it("has the usage of a complete answer, and the sum of all", async () => {
    const messages = script({ tokens: 9, reasoning: 5 });
    for (const stream of [true, false]) await (await sendChat({ stream, messages })).text();
    const input = inputOf(messages);
    const bill = { path: "/v1/chat/completions", model: "gpt-5-mini-2025-08-07", input, output: 14 };
    expect(await readBook()).toEqual({ requests: 2, input: 2 * input, output: 28, by_name: { river: [bill, bill] } });
  });

  it("has what was generated until the caller left, or until the connection broke", async () => {
    const faults = [{}, { cut_after: 2 }, { error_after: 3 }, { error_after: 0 }];
    const streams = faults.map((fault) => script({ tokens: 9, ...fault }));
    const [left, cut, failed, failedAtOnce] = await Promise.all(
      streams.map((messages) => sendChat({ stream: true, messages })),
    );
    if (left) await readFirst(left);
    await cut?.text().catch(() => "");
    await failed?.text();
    await failedAtOnce?.text();
    const bills = streams.map((messages, index) => ({ input: inputOf(messages), output: [0, 2, 3][index] }));
    expect(await readNamed()).toMatchObject([...bills.slice(0, 3), { input: 0, output: 0 }]);
  });

  it("has requests without tokens for refusals, failures and counts", async () => {
    await sendChat({ messages: script({ status: 429 }) });
    await sendChat({ messages: script({}), temperature: "x", max_tokens: 1, unknown: true });
    await sendChat({ messages: script({ tokens: 9, error_after: 2 }) });
    await send("POST", "/v1/responses/input_tokens", { model: "gpt-5-mini", input: NAMED });
    expect(await readBook()).toMatchObject({ requests: 4, input: 0, output: 0 });
    expect(await readNamed()).toHaveLength(4);
  });
});

describe("a script", () => {
  it("has its faults as often as it says, in the requests of one name", async () => {
    const messages = script({ tokens: 1, status: 503, fault_times: 2 });
    const statuses = [];
    while (statuses.length < 3) statuses.push((await sendChat({ messages })).status);
    expect(statuses).toEqual([503, 503, 200]);
  });

  it("can go beyond the output limit, and count reasoning in other ways", async () => {
    expect(await usageOf({})).toMatchObject({ completion_tokens: 12 });
    expect(await usageOf({ usage: "beside" })).toMatchObject({ completion_tokens: 9 });
    expect(await usageOf({ usage: "total" })).toEqual({ prompt_tokens: 0, total_tokens: expect.any(Number) });
  });
});

describe("dense text", () => {
  it.each([
    ["English", "water runs over the low wall", 6],
    ["Chinese", "水流过低墙", 5],
    ["rare Chinese", "㐀㐁", 6],
    ["Cuneiform", "𒀀𒀁", 8],
    ["digits", "123456789", 3],
    ["base64", "aGVsbG8gd29ybGQhQUJD", 11],
  ])("costs what it costs with a byte-level BPE: %s", (_, text, tokens) => {
    expect(countTokens(text)).toBe(tokens);
  });
});
