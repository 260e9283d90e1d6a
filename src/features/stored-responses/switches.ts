// What /v1/responses can do beyond answering, which costs more or outlives the request: refused unless the catalog
// allows it, under `responses`.

import { TOOLS } from "../../core/catalog/card.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import { apiError } from "../../core/errors.ts";
import type { HostedTools } from "../../core/quota/bound.ts";
import type { ResponsesRequest } from "../../dialects/responses/request.ts";

type Switches = Catalog["responses"];

/** Tools that the caller runs, so that they cost nothing here. */
const CALLERS_TOOLS = new Set(["function", "custom"]);
/** Prices are dollars in the catalog and nano-dollars in a bound. */
const NANO = 1e9;

/** Throws 400 for the first thing that the catalog does not allow, naming the switch that would. */
export function requireAllowed(request: ResponsesRequest, switches: Switches): void {
  if (request.store && !switches.store) throw notAllowed("store", "store");
  if (request.previous_response_id && !switches.store) throw notAllowed("previous_response_id", "store");
  if (request.background && !switches.background) throw notAllowed("background", "background");
  if (request.background && (request.stream || !request.store)) {
    const message = "'background' goes with `\"store\": true` and without `stream`: ask for the response by its id.";
    throw apiError("unsupported_value", message, { param: "background" });
  }
  if (request.conversation && !switches.conversations) throw notAllowed("conversation", "conversations");
  if (request.prompt && !entry(switches.prompts, request.prompt.id)) throw notAllowed("prompt", "prompts");
  for (const [index, { type, ...fields }] of (request.tools ?? []).entries()) {
    if (CALLERS_TOOLS.has(type)) continue;
    if (!entry(switches.hosted_tools, type)) throw notAllowed(`tools.${index}.type`, "hosted_tools");
    const [name] = Object.keys(fields);
    if (name === undefined) continue;
    const message = `'${name}' of this tool is not the caller's: operators give it in the catalog, responses.hosted_tools.`;
    throw apiError("unsupported_parameter", message, { param: `tools.${index}.${name}` });
  }
}

type Tool = NonNullable<ResponsesRequest["tools"]>[number];

/** A tool as it is sent: one that the provider runs with what the catalog says of it. */
export function configured(tool: Tool, switches: Switches): Tool {
  return { ...entry(switches.hosted_tools, tool.type)?.fields, ...tool };
}

/** What cards call the tools of a request that the provider runs; previews are called what they are a preview of. */
export function hostedKinds({ tools }: ResponsesRequest): (keyof typeof TOOLS)[] {
  const words = (tools ?? []).flatMap(({ type }) => Object.keys(TOOLS).find((word) => type.startsWith(word)) ?? []);
  return words as (keyof typeof TOOLS)[];
}

/** What the tools that the provider runs can cost at most; undefined when none is asked for. */
export function hostedTools(
  { tools, max_tool_calls: asked }: Pick<ResponsesRequest, "tools" | "max_tool_calls">,
  switches: Switches,
) {
  const prices = (tools ?? []).flatMap(({ type }) => entry(switches.hosted_tools, type) ?? []);
  if (prices.length === 0) return undefined;
  return {
    calls: Math.min(asked ?? Infinity, switches.max_tool_calls),
    inputTokensPerCall: Math.max(...prices.map((price) => price.input_tokens_per_call)),
    nanoUsdPerCall: Math.ceil(Math.max(...prices.map((price) => price.usd_per_call)) * NANO),
  } satisfies HostedTools;
}

function notAllowed(param: string, name: keyof Switches) {
  const message = `'${param}' is not allowed here. Operators allow it in the catalog: responses.${name}.`;
  return apiError("unsupported_parameter", message, { param });
}
