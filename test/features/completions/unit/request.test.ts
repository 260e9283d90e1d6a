// The schema of completions: prompts as texts or tokens, and the fields that exclude each other.

import { describe, expect, it } from "vitest";
import { CompletionsRequest } from "../../../../src/features/completions/request.ts";
import { validate } from "../../../../src/core/http/json-body.ts";
import { refusalOf } from "../../../support/refusals.ts";

const read = (fields: object) => validate(CompletionsRequest, { model: "m", prompt: "A weir", ...fields });

it.each<[string, object]>([
  ["a text", { prompt: "" }],
  ["texts", { prompt: ["a", "b"] }],
  ["tokens", { prompt: [1, 2, 3] }],
  ["token arrays", { prompt: [[1, 2], [3]] }],
  [
    "all fields",
    {
      suffix: "in a river",
      max_tokens: 0,
      n: 2,
      best_of: 3,
      echo: true,
      logprobs: 0,
      stop: ["."],
      temperature: 2,
      top_p: 1,
      presence_penalty: -2,
      frequency_penalty: 2,
      logit_bias: { "50256": -100 },
      seed: 7,
      user: "a-hash",
    },
  ],
  ["a stream", { stream: true, stream_options: { include_usage: true }, best_of: 1, echo: false }],
  ["no value in best_of", { n: 3, best_of: 0 }],
])("%s is accepted unchanged", (_, fields) => {
  expect(read(fields)).toEqual({ model: "m", prompt: "A weir", ...fields });
});

it.each([{}, null, 7])("the error of the prompt %j names the kinds that are accepted", async (prompt) => {
  const message = "'prompt' must be a text, or a list of texts or tokens.";
  expect((await refusalOf(() => read({ prompt }))).body).toMatchObject({ message, param: "prompt" });
});

describe("refuses, and names the field of", () => {
  it.each<[string, object, string]>([
    ["no prompt", { prompt: undefined }, "prompt"],
    ["an empty list", { prompt: [] }, "prompt"],
    ["a text among tokens", { prompt: [1, "a"] }, "prompt.1"],
    ["an empty token array", { prompt: [[1], []] }, "prompt.1"],
    ["a fraction as token", { prompt: [1.5] }, "prompt.0"],
    ["too many prompts", { prompt: Array.from({ length: 2049 }, () => "x") }, "prompt"],
    ["a negative limit", { max_tokens: -1 }, "max_tokens"],
    ["too many choices", { n: 129 }, "n"],
    ["no choice", { n: 0 }, "n"],
    ["too many candidates", { best_of: 21 }, "best_of"],
    ["fewer candidates than choices", { n: 3, best_of: 2 }, "best_of"],
    ["candidates in a stream", { stream: true, best_of: 2 }, "best_of"],
    ["an echo in a stream", { stream: true, echo: true }, "echo"],
    ["too many log probabilities", { logprobs: 6 }, "logprobs"],
    ["log probabilities as in chats", { logprobs: true }, "logprobs"],
    ["too many stop sequences", { stop: ["1", "2", "3", "4", "5"] }, "stop"],
    ["an unknown field", { guided_json: {} }, "guided_json"],
  ])("%s", async (_, fields, param) => {
    expect((await refusalOf(() => read(fields))).body).toMatchObject({ param });
  });
});
