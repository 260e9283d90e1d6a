// Candidates: the model that was asked for, then its fallbacks, each with the request in a dialect that it can do.

import { chooseModel } from "../catalog/choose.ts";
import type { Model, Sunset } from "../catalog/resolve.ts";
import { fallbacksOf, toDay } from "../catalog/resolve.ts";
import type { Catalog, Provider } from "../catalog/schema.ts";
import { lookup } from "../catalog/schema.ts";
import { requireSupport, serves, supports } from "../catalog/support.ts";
import { InternalError } from "../errors.ts";
import type { Exchange, Way } from "./exchange.ts";

/** A model that can answer, with the request as it is sent to it. */
export interface Candidate {
  model: Model;
  provider: Provider;
  exchange: Exchange;
}

interface Candidates {
  /** The best first. */
  candidates: [Candidate, ...Candidate[]];
  sunset: Sunset | undefined;
}

/**
 * The candidates for a model's name at `now` (epoch ms). Throws 404 `model_not_found`, and 400 for what the model that was
 * asked for cannot do.
 */
export function candidatesFor(catalog: Catalog, asked: string, ways: Way[], now: number): Candidates {
  const { model, sunset } = chooseModel(catalog, asked, now);
  const exchange = exchangeFor(catalog, model, ways, now);
  const others = fallbacksOf(catalog, model, toDay(now)).flatMap((other) => {
    const inPlace = able(catalog, other, ways);
    return inPlace ? [toCandidate(catalog, other, inPlace)] : [];
  });
  return { candidates: [toCandidate(catalog, model, exchange), ...others], sunset };
}

function exchangeFor(catalog: Catalog, model: Model, ways: Way[], now: number): Exchange {
  const exchange = able(catalog, model, ways) ?? waysOf(catalog, model, ways)[0]?.prepare(model, catalog);
  if (!exchange) throw new InternalError("a call without a way");
  requireSupport(catalog, model, exchange.ask.needs, now);
  return exchange;
}

/** The request in the first dialect in which the model can do all of it. */
function able(catalog: Catalog, model: Model, ways: Way[]): Exchange | undefined {
  for (const way of waysOf(catalog, model, ways)) {
    const exchange = way.prepare(model, catalog);
    if (supports(catalog, model, exchange.ask.needs)) return exchange;
  }
  return undefined;
}

/** In the order of the model's card; all where it has none, so that its refusal names what it lacks. */
function waysOf(catalog: Catalog, { card }: Model, ways: Way[]): Way[] {
  const served = card.endpoints.filter((endpoint) => serves(catalog, card, endpoint));
  const its = served.flatMap((endpoint) => ways.filter((way) => way.endpoint === endpoint));
  return its.length > 0 ? its : ways;
}

function toCandidate(catalog: Catalog, model: Model, exchange: Exchange): Candidate {
  return { model, provider: lookup(catalog.providers, model.card.provider), exchange };
}
