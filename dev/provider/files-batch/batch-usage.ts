// The usage of a batch: the sum of its lines, in the form of Responses.
import { isObject } from "../kernel/body.ts";

export interface BatchUsage {
  input_tokens: number;
  input_tokens_details: { cached_tokens: number };
  output_tokens: number;
  output_tokens_details: { reasoning_tokens: number };
  total_tokens: number;
}

export const NO_USAGE: BatchUsage = {
  input_tokens: 0,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 0,
};

/** Adds the usage of an answer, of any endpoint. */
export function addUsage(sum: BatchUsage, usage: unknown): BatchUsage {
  if (!isObject(usage)) return sum;
  const count = (...names: string[]) => names.reduce((total, name) => total + toNumber(usage[name]), 0);
  const detail = (name: string, ...places: string[]) =>
    places.reduce((total, place) => {
      const details = usage[place];
      return total + (isObject(details) ? toNumber(details[name]) : 0);
    }, 0);
  const input = count("input_tokens", "prompt_tokens");
  const output = count("output_tokens", "completion_tokens");
  const cached = detail("cached_tokens", "input_tokens_details", "prompt_tokens_details");
  const reasoning = detail("reasoning_tokens", "output_tokens_details", "completion_tokens_details");
  return {
    input_tokens: sum.input_tokens + input,
    input_tokens_details: { cached_tokens: sum.input_tokens_details.cached_tokens + cached },
    output_tokens: sum.output_tokens + output,
    output_tokens_details: { reasoning_tokens: sum.output_tokens_details.reasoning_tokens + reasoning },
    total_tokens: sum.total_tokens + input + output,
  };
}

const toNumber = (value: unknown) => (typeof value === "number" ? value : 0);
