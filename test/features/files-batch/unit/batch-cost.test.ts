// The cost of a batch: the sum of its lines, and what is charged where a part of it is not known. Output of any length.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchRoutes } from "../../../../src/core/feature.ts";
import type { JobEnd } from "../../../../src/core/jobs/job-kind.ts";
import "../../../../src/features.ts";
import type { BatchTerms, LineSum } from "../../../../src/features/files-batch/batch-cost.ts";
import { addLine, emptySum, toBatchEnd } from "../../../../src/features/files-batch/batch-cost.ts";
import type { OutputLine } from "../../../../src/features/files-batch/output-lines.ts";
import { readOutputLines } from "../../../../src/features/files-batch/output-lines.ts";

const route = batchRoutes().find(({ url }) => url === "/v1/responses");
const TERMS: BatchTerms = {
  url: "/v1/responses",
  tokens: 100_000,
  nanoUsd: 1_000_000_000,
  prices: {
    input: 1,
    cached_input: 0.25,
    output: 4,
    long_context: { above_input_tokens: 1000, input_times: 2, output_times: 1.5 },
  },
};

const usageOf = (input: number, output: number, cached = 0) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cached },
  output_tokens: output,
  total_tokens: input + output,
});

const answer = (usage: object | undefined, status = 200) => ({
  text: JSON.stringify({
    custom_id: "a",
    response: { status_code: status, body: { id: "resp_1", usage } },
    error: null,
  }),
});

function sumOf(lines: OutputLine[], terms = TERMS): LineSum {
  const sum = emptySum();
  for (const line of lines) addLine(sum, line, terms, route);
  return sum;
}

/** Pico-dollars per token. */
const picoOf = (usd: number, times: number) => BigInt(Math.round(usd * times * 1e6));

/** A body in pieces of that many bytes. */
const bodyOf = (text: string, size: number) => {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
};

const amountsOf = ({ charge, excess }: JobEnd) => [charge.tokens, charge.nanoUsd, excess?.tokens, excess?.nanoUsd];

/** Half of it still has six decimals. */
const price = fc.integer({ min: 0, max: 10_000_000 }).map((micro) => (2 * micro) / 1e6);
const count = fc.integer({ min: 0, max: 200_000 });

it("the sum of lines is exact, line by line, with cached input and long contexts", () => {
  const lines = fc.array(fc.record({ input: count, part: fc.double({ min: 0, max: 1, noNaN: true }), output: count }), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(lines, price, price, price, (given, input, cached, output) => {
      const prices = {
        input,
        cached_input: cached,
        output,
        long_context: { above_input_tokens: 90_000, input_times: 2, output_times: 1.5 },
      };
      const usages = given.map((line) => ({ ...line, cached: Math.floor(line.input * line.part) }));
      const sum = sumOf(
        usages.map((usage) => answer(usageOf(usage.input, usage.output, usage.cached))),
        { ...TERMS, prices },
      );
      let [tokens, nanoUsd] = [0n, 0n];
      for (const usage of usages) {
        const [inputTimes, outputTimes] = usage.input > 90_000 ? [2, 1.5] : [1, 1];
        const pico =
          BigInt(usage.input - usage.cached) * picoOf(input, inputTimes) +
          BigInt(usage.cached) * picoOf(cached, inputTimes) +
          BigInt(usage.output) * picoOf(output, outputTimes);
        tokens += BigInt(usage.input + usage.output);
        nanoUsd += (pico + 999n) / 1000n;
      }
      expect([BigInt(sum.tokens), BigInt(sum.nanoUsd)]).toEqual([tokens, nanoUsd]);
    }),
  );
});

describe("a line of an output file", () => {
  it.each<[what: string, line: OutputLine, sum: Partial<LineSum>]>([
    ["that failed costs nothing", answer(undefined, 500), { tokens: 0, answered: 0, unknown: 0 }],
    ["that failed with usage costs it", answer(usageOf(5, 1), 400), { tokens: 6, answered: 0, unknown: 0 }],
    [
      "that never ran costs nothing",
      { text: '{"response":null,"error":{"code":"batch_expired"}}' },
      { tokens: 0, unknown: 0 },
    ],
    ["without usage is not known", answer(undefined), { tokens: 0, answered: 1, unknown: 1 }],
    [
      "whose end has no usage is not known",
      { text: '{"response":{"status_code":200', tail: '"usage":{"a":1,}' },
      { unknown: 1 },
    ],
    ["that cannot be read is not known", { text: '{"response":{"status' }, { tokens: 0, answered: 1, unknown: 1 }],
  ])("%s", (_what, line, sum) => {
    expect(sumOf([line])).toMatchObject(sum);
  });
});

describe("a batch", () => {
  const known = { tokens: 3000, nanoUsd: 4_000_000, answered: 2, unknown: 0 };
  const unknown = { ...known, unknown: 1 };
  it.each<[what: string, sum: LineSum, usage: object | null, charged: number[]]>([
    ["costs its lines without the provider's sum", known, null, [3000, 4_000_000, 0, 0]],
    ["costs its lines where the provider's sum is lower", known, usageOf(10, 10), [3000, 4_000_000, 0, 0]],
    ["costs the provider's sum where it is higher, at usual rates", known, usageOf(4000, 500), [4500, 6_000_000, 0, 0]],
    [
      "with an unknown line costs the provider's sum, as of a long context",
      unknown,
      usageOf(4000, 500),
      [4500, 11_000_000, 0, 0],
    ],
    [
      "with an unknown line that the provider does not count costs its bound",
      unknown,
      usageOf(2000, 1000),
      [100_000, 1_000_000_000, 0, 0],
    ],
    [
      "with an unknown line costs its bound without the provider's sum",
      unknown,
      usageOf(0, 0),
      [100_000, 1_000_000_000, 0, 0],
    ],
    [
      "with fewer answers than completed lines costs its bound",
      { ...known, answered: 1 },
      null,
      [100_000, 1_000_000_000, 0, 0],
    ],
    [
      "with fewer answers costs its lines where the provider's sum is the same",
      { ...known, answered: 1 },
      usageOf(3000, 0),
      [3000, 4_000_000, 0, 0],
    ],
    ["above its bound costs what it used", { ...known, tokens: 100_001 }, null, [100_000, 4_000_000, 1, 0]],
  ])("%s", (_what, sum, usage, charged) => {
    expect(amountsOf(toBatchEnd(sum, { completed: 2, usage }, TERMS))).toEqual(charged);
  });

  it("of images costs the provider's sum at the rates of images where a line is unknown", () => {
    const prices = { input: 1, output: 2, image: { input: 3, output: 8 } };
    const end = toBatchEnd(unknown, { completed: 2, usage: usageOf(10_000, 1000) }, { ...TERMS, prices });
    expect(amountsOf(end)).toEqual([11_000, 38_000_000, 0, 0]);
  });

  it.each<[what: string, usage: object, tokens: number, nanoUsd: number]>([
    ["of embeddings", { input_tokens: 500, output_tokens: 0, total_tokens: 500 }, 500, 500_000],
    [
      "in the words of Chat Completions",
      { prompt_tokens: 4000, prompt_tokens_details: { cached_tokens: 4000 }, completion_tokens: 0 },
      4000,
      1_000_000,
    ],
    ["in both words", { prompt_tokens: 0, completion_tokens: 0, input_tokens: 4, output_tokens: 5 }, 9, 24_000],
  ])("can have the provider's sum %s", (_what, usage, tokens, nanoUsd) => {
    expect(amountsOf(toBatchEnd(emptySum(), { completed: 0, usage }, TERMS)).slice(0, 2)).toEqual([tokens, nanoUsd]);
  });
});

describe("an output file", () => {
  it("has the same lines however it is split, with or without a last line feed", async () => {
    const lines = ['{"a":"ü"}', '{"b":"\u{1f30a}"}', '{"c":3}'];
    for (const end of ["", "\n", "\n\n"]) {
      for (let size = 1; size < 12; size++) {
        const read = await Array.fromAsync(readOutputLines(bodyOf(lines.join("\n") + end, size)));
        expect(read).toEqual(lines.map((text) => ({ text })));
      }
    }
  });

  it("with a line of many megabytes has its status and usage, and not those that a text quotes", async () => {
    const quoted = JSON.stringify('{"status_code":500,"usage":{"input_tokens":1}}'.repeat(150_000));
    const long = `{"custom_id":"a","response":{"status_code":200,"body":{"usage":{"input_tokens":9},"output":${quoted},"usage":${JSON.stringify(usageOf(700, 30))},"metadata":{}}},"error":null}`;
    expect(long.length).toBeGreaterThan(7_000_000);
    const read = await Array.fromAsync(readOutputLines(bodyOf(`${long}\n${answer(usageOf(1, 2)).text}\n`, 65_536)));
    expect(read.map(({ text, tail = "" }) => text.length + tail.length)).toEqual([131_072, expect.any(Number)]);
    expect(sumOf(read)).toMatchObject({ tokens: 733, answered: 2, unknown: 0 });
  });
});
