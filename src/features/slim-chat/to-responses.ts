// The conversion of slim requests to Responses. codec.ts converts the answer.

import type { ResponsesRequest } from "../../dialects/responses/request.ts";
import type { SlimMessage, SlimPart, SlimRequest, SlimTool } from "./request.ts";

type InputItem = Exclude<NonNullable<ResponsesRequest["input"]>, string>[number];

/** Converts a slim request to Responses. Raises `max_output_tokens` to the 16 that Responses requires. */
export function slimToResponses(request: SlimRequest, formatName: string): ResponsesRequest {
  const { model, input, stream, instructions, effort, format, tools, max_output_tokens: limit } = request;
  const reasoning = {
    ...(effort === undefined ? {} : { effort }),
    ...(request.reasoning === undefined ? {} : { summary: "auto" }),
  };
  return {
    model,
    input: typeof input === "string" ? input : input.flatMap(toItems),
    stream,
    ...(instructions === undefined ? {} : { instructions }),
    ...(limit === undefined ? {} : { max_output_tokens: Math.max(limit, MIN_OUTPUT_TOKENS) }),
    ...(Object.keys(reasoning).length === 0 ? {} : { reasoning }),
    ...(format === undefined
      ? {}
      : { text: { format: { type: "json_schema", name: formatName, strict: true, schema: format } } }),
    ...(tools?.length ? { tools: tools.map(toTool) } : {}),
  };
}

/** Responses rejects a smaller limit. */
const MIN_OUTPUT_TOKENS = 16;
/** Responses requires the field `parameters`, also of a function without any. */
const NO_PARAMETERS = { type: "object", properties: {} };

function toTool({ name, description, parameters = NO_PARAMETERS }: SlimTool) {
  // Responses defaults to strict schemas, which reject many valid JSON Schemas.
  return { type: "function", name, description, parameters, strict: false };
}

function toItems(message: SlimMessage): InputItem[] {
  switch (message.role) {
    case "system":
      return [{ type: "message", role: "system", content: message.content }];
    case "user": {
      const { content } = message;
      return [{ type: "message", role: "user", content: typeof content === "string" ? content : content.map(toPart) }];
    }
    case "assistant": {
      // The items carry no ids, because an id refers to a stored item and nothing is stored.
      const calls = (message.tools ?? []).map(({ id, name, arguments: text }): InputItem => ({
        type: "function_call",
        call_id: id,
        name,
        arguments: text,
      }));
      const { content } = message;
      return [...(content === undefined ? [] : [{ type: "message", role: "assistant", content } as const]), ...calls];
    }
    case "tool":
      return [{ type: "function_call_output", call_id: message.id, output: message.content }];
  }
}

const toPart = (part: SlimPart) =>
  part.type === "text"
    ? ({ type: "input_text", text: part.text } as const)
    : ({ type: "input_image", image_url: part.url } as const);
