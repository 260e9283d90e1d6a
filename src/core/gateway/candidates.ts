// Candidates: the requested model, then its fallbacks, each with a prepared request.

import { chooseModel } from "../catalog/choose.ts";
import type { Model, Sunset } from "../catalog/resolve.ts";
import { fallbacksOf, toDay } from "../catalog/resolve.ts";
import type { Catalog, Provider } from "../catalog/schema.ts";
import { lookup } from "../catalog/schema.ts";
import { requireSupport, serves, supports } from "../catalog/support.ts";
import type { Bindings } from "../env.ts";
import { InternalError } from "../errors.ts";
import type { Exchange, Way } from "./exchange.ts";
import { countInput } from "./provider.ts";

/** A model that can answer, its provider, and the request prepared for it. */
export interface Candidate {
  model: Model;
  provider: Provider;
  exchange: Exchange;
}

interface Candidates {
  /** In order of preference. */
  candidates: [Candidate, ...Candidate[]];
  sunset: Sunset | undefined;
}

/**
 * Returns the candidates for a model name at `now` (epoch ms). Throws 404 `model_not_found`, and 400 when the requested
 * model does not support the request. Fallbacks that do not support it are skipped.
 */
export function candidatesFor(catalog: Catalog, requestedName: string, ways: Way[], now: number): Candidates {
  const { model, sunset } = chooseModel(catalog, requestedName, now);
  const exchange = exchangeFor(catalog, model, ways, now);
  const others = fallbacksOf(catalog, model, toDay(now)).flatMap((other) => {
    const prepared = supportedExchange(catalog, other, ways);
    return prepared ? [toCandidate(catalog, other, prepared)] : [];
  });
  return { candidates: [toCandidate(catalog, model, exchange), ...others], sunset };
}

function exchangeFor(catalog: Catalog, model: Model, ways: Way[], now: number): Exchange {
  const exchange = supportedExchange(catalog, model, ways) ?? waysOf(catalog, model, ways)[0]?.prepare(model, catalog);
  if (!exchange) throw new InternalError("the call has no ways: pass at least one");
  requireSupport(catalog, model, exchange.ask.needs, now);
  if (exchange.ask.refusal) throw exchange.ask.refusal;
  return exchange;
}

/** The request in the first dialect in which the model supports all of it; undefined when there is none. */
function supportedExchange(catalog: Catalog, model: Model, ways: Way[]): Exchange | undefined {
  for (const way of waysOf(catalog, model, ways)) {
    const exchange = way.prepare(model, catalog);
    if (supports(catalog, model, exchange.ask.needs) && !exchange.ask.refusal) return exchange;
  }
  return undefined;
}

/** Ways in the order of the card's endpoints. All ways when none match, so that the refusal names what is missing. */
function waysOf(catalog: Catalog, { card }: Model, ways: Way[]): Way[] {
  const served = card.endpoints.filter((endpoint) => serves(catalog, card, endpoint));
  const matching = served.flatMap((endpoint) => ways.filter((way) => way.endpoint === endpoint));
  return matching.length > 0 ? matching : ways;
}

function toCandidate(catalog: Catalog, model: Model, exchange: Exchange): Candidate {
  return { model, provider: lookup(catalog.providers, model.card.provider), exchange };
}

/** Gets a candidate's exact input token count from its provider; undefined when it is not available. */
export const countInputOf = (env: Bindings, { provider, exchange: { ask } }: Candidate): Promise<number | undefined> =>
  countInput(env, provider, ask.count?.());
