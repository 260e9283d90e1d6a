// The bound of a batch line. Its cost must be known before it runs, and it must be what Weir itself would send.

import type { ModelCard } from "../../core/catalog/card.ts";
import type { Plan } from "../../core/catalog/schema.ts";
import type { Ask, Exchange } from "../../core/gateway/exchange.ts";
import { readsEvents } from "../../core/gateway/exchange.ts";
import { boundAmounts, toBound } from "../../core/quota/bound.ts";
import { batchLineFault } from "./batch-line.ts";
import type { BatchLine } from "./batch-line.ts";
import { differenceOf } from "./sent-body.ts";

interface LineBound {
  tokens: number;
  nanoUsd: number;
  /** The output limit of the line; 0 where the plan's limit has no effect. */
  maxOutputTokens: number;
}

/** Returns the bound of a line. `card`: with batch rates. Throws 400 when it has none, or would be sent differently. */
export function boundOfLine(exchange: Exchange, body: BatchLine["body"], card: ModelCard, plan: Plan): LineBound {
  const { ask } = exchange;
  requireBounded(exchange);
  // The output is not lowered to what a window has left, so it has no minimum.
  const bound = toBound(ask.demand, card, plan, 0);
  requireLimit(ask, bound.output);
  requireSame(ask, body, bound.output);
  const { tokens, nanoUsd } = boundAmounts(bound, bound.output);
  return { tokens, nanoUsd, maxOutputTokens: ask.demand.fixedOutput ? 0 : bound.output };
}

/** Refuses a line whose cost is not known before it runs. */
function requireBounded({ ask: { demand }, reply }: Exchange): void {
  if (readsEvents(reply)) throw batchLineFault("'stream' is not possible in a batch. Leave it out.", "stream");
  if (demand.needsCount || demand.exclusive) {
    throw batchLineFault("it cannot go on from what the provider stores. Send the whole input.", "body");
  }
  if (demand.toolCalls) throw batchLineFault("tools that the provider runs are not possible in a batch.", "tools");
}

/** Refuses a line without an output limit, or with one above that of the plan or the card. */
function requireLimit(ask: Ask, most: number): void {
  const { fixedOutput, maxOutputTokens } = ask.demand;
  if (fixedOutput || (maxOutputTokens !== undefined && maxOutputTokens <= most)) return;
  const name = outputFieldOf(ask);
  throw batchLineFault(`'${name}' must be given, and be at most ${most}.`, name);
}

/** Returns the field with the output limit: the one that differs between two grants. */
function outputFieldOf(ask: Ask): string {
  const [one, other] = [1, 2].map((maxOutputTokens) => sentBody(ask, maxOutputTokens));
  return Object.keys(one ?? {}).find((name) => one?.[name] === 1 && other?.[name] === 2) ?? "body";
}

/** Refuses a line that differs from what Weir would send: the provider gets the line as it is. */
function requireSame(ask: Ask, body: BatchLine["body"], maxOutputTokens: number): void {
  const difference = differenceOf(body, { ...sentBody(ask, maxOutputTokens), model: body.model });
  if (difference) throw batchLineFault(`${difference.message}.`, difference.param);
}

function sentBody(ask: Ask, maxOutputTokens: number): Record<string, unknown> {
  const { body } = ask.write({ maxOutputTokens });
  if (typeof body !== "string") throw batchLineFault("uploads are not possible in a batch.", "body");
  return JSON.parse(body) as Record<string, unknown>;
}
