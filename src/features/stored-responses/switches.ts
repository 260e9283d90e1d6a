// The switches of the catalog section `responses`, enforced on requests.

import type { ModelTool } from "../../core/catalog/card.ts";
import { MODEL_TOOLS } from "../../core/catalog/card.ts";
import { entry } from "../../core/catalog/schema.ts";
import { apiError } from "../../core/errors.ts";
import type { ProviderToolCalls } from "../../core/quota/bound.ts";
import type { ResponsesSwitches } from "./catalog.ts";
import type { StoringRequest } from "./request.ts";

/** Tools that run in the app and cost nothing here. */
const CALLERS_TOOLS = new Set(["function", "custom"]);
const NANO_PER_USD = 1e9;

/** Throws 400 for the first field that the catalog does not allow. The message names the switch. */
export function requireSwitches(request: StoringRequest, switches: ResponsesSwitches): void {
  if (request.store && !switches.store) throw switchNotOn("store", "store");
  if (request.previous_response_id && !switches.store) throw switchNotOn("previous_response_id", "store");
  if (request.background && !switches.background) throw switchNotOn("background", "background");
  if (request.background && (request.stream || !request.store)) {
    const message =
      "'background' needs 'store' and no stream. Send \"store\": true without 'stream', then GET it by id.";
    throw apiError("unsupported_value", message, { param: "background" });
  }
  if (request.conversation && !switches.conversations) throw switchNotOn("conversation", "conversations");
  if (request.prompt && !entry(switches.prompts, request.prompt.id)) throw switchNotOn("prompt", "prompts");
  for (const [index, { type, ...fields }] of (request.tools ?? []).entries()) {
    if (CALLERS_TOOLS.has(type)) continue;
    if (!entry(switches.hosted_tools, type)) throw switchNotOn(`tools.${index}.type`, "hosted_tools");
    const [name] = Object.keys(fields);
    if (name === undefined) continue;
    const message = `'${name}' of this tool cannot be set. Operators set it in the catalog: responses.hosted_tools.`;
    throw apiError("unsupported_parameter", message, { param: `tools.${index}.${name}` });
  }
}

type Tool = NonNullable<StoringRequest["tools"]>[number];

/** Adds the operator's fields from the catalog to a hosted tool. Other tools are returned unchanged. */
export function withOperatorFields(tool: Tool, switches: ResponsesSwitches): Tool {
  return { ...entry(switches.hosted_tools, tool.type)?.fields, ...tool };
}

/** Returns a request's hosted tools in the card's vocabulary. A preview type counts as its tool. */
export function hostedKinds({ tools }: Pick<StoringRequest, "tools">): ModelTool[] {
  const names = Object.keys(MODEL_TOOLS) as ModelTool[];
  return (tools ?? []).flatMap(({ type }) => names.find((name) => type.startsWith(name)) ?? []);
}

/** Returns the cost bound of a request's hosted tools, or undefined when it has none. */
export function toolCallBound(
  { tools, max_tool_calls: requested }: Pick<StoringRequest, "tools" | "max_tool_calls">,
  switches: ResponsesSwitches,
): ProviderToolCalls | undefined {
  const prices = (tools ?? []).flatMap(({ type }) => entry(switches.hosted_tools, type) ?? []);
  if (prices.length === 0) return undefined;
  return {
    most: Math.min(requested ?? Infinity, switches.max_tool_calls),
    inputTokensPerCall: Math.max(...prices.map((price) => price.input_tokens_per_call)),
    nanoUsdPerCall: Math.ceil(Math.max(...prices.map((price) => price.usd_per_call)) * NANO_PER_USD),
  };
}

function switchNotOn(param: string, name: keyof ResponsesSwitches) {
  const message = `'${param}' is not allowed here. Operators allow it in the catalog: responses.${name}.`;
  return apiError("unsupported_parameter", message, { param });
}
