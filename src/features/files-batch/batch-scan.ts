// The scan of a batch file: each line is checked like a direct request, and its bound is added up at batch rates.

import { chooseModel, isAllowed, modelNotAllowed } from "../../core/catalog/choose.ts";
import type { ModelCard } from "../../core/catalog/card.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { Catalog, Plan } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import { requireSupport } from "../../core/catalog/support.ts";
import { apiError, unknownName } from "../../core/errors.ts";
import { batchRoutes } from "../../core/feature.ts";
import type { BatchRoute } from "../../core/gateway/batch-route.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { isOwnModel, withOwnModel } from "../../core/gateway/own-models.ts";
import type { BatchLine } from "./batch-line.ts";
import { batchLineFault, readBatchLine } from "./batch-line.ts";
import { requireUnmoderated } from "./batch-moderation.ts";
import type { Prices } from "./batch-rates.ts";
import { atBatchRates, batchNeeds } from "./batch-rates.ts";
import { fileProviderOf } from "./catalog.ts";
import type { ContentScan } from "./content-scan.ts";
import { inLine } from "./file-lines.ts";
import { boundOfLine } from "./line-bound.ts";

/** The facts of a batch file, stored with it. */
export interface BatchFacts {
  /** The route of all lines. */
  url: string;
  /** The model as all lines name it, and its snapshot. */
  model: string;
  snapshot: string;
  lines: number;
  /** The largest output limit of a line. */
  maxOutputTokens: number;
  /** The bound of all lines, at these prices. */
  tokens: number;
  nanoUsd: number;
  prices: Prices | null;
}

/** What all lines of a file share. */
interface CommonPart {
  catalog: Catalog;
  route: BatchRoute;
  name: string;
  model: Model;
  /** Has batch rates. */
  card: ModelCard;
}

/** Creates the scan of a file with batch requests of the caller, under the caller's plan. */
export function createBatchScan(caller: Caller, plan: Plan): ContentScan {
  const now = Date.now();
  const ids = new Set<number>();
  const sum = { lines: 0, tokens: 0, nanoUsd: 0, maxOutputTokens: 0 };
  let common: CommonPart | undefined;

  const begin = ({ url, body: { model: name } }: BatchLine, catalog: Catalog): CommonPart => {
    const route = batchRoutes().find((each) => each.url === url);
    const urls = batchRoutes().map((each) => each.url);
    if (!route) throw unknownName("url", url, urls);
    const { model } = chooseModel(catalog, name, now);
    if (name !== model.snapshot && name !== model.id) {
      const fault = `'model' must be '${model.snapshot}': the provider reads the line as it is, and knows no alias.`;
      throw batchLineFault(fault, "model");
    }
    // The plan of a catalog with the caller's own model includes it.
    const planName = Object.keys(catalog.plans).find((each) => caller.catalog.plans[each] === plan) ?? "";
    if (!isAllowed(entry(catalog.plans, planName) ?? plan, model)) throw modelNotAllowed(plan, model);
    requireSupport(catalog, model, batchNeeds("model"), now);
    if (model.card.provider !== fileProviderOf(catalog)?.name) {
      throw batchLineFault(`the provider of '${name}' has no files here. Use another model.`, "model");
    }
    requireUnmoderated(caller, plan, model, "file");
    return { catalog, route, name, model, card: atBatchRates(model.card) };
  };

  const check = ({ custom_id, url, body }: BatchLine, { catalog, route, name, model, card }: CommonPart): void => {
    const id = hashOf(custom_id);
    if (ids.has(id))
      throw batchLineFault(`'custom_id' must be unique, and '${custom_id.slice(0, 60)}' is not.`, "custom_id");
    ids.add(id);
    if (url !== route.url) throw batchLineFault(`'url' must be '${route.url}', as in the first line.`, "url");
    if (body.model !== name) throw batchLineFault(`'model' must be '${name}', as in the first line.`, "model");
    const [way] = route.toCall(body).ways;
    if (!way) throw batchLineFault("'url' has no batches.", "url");
    const exchange = way.prepare(model, catalog);
    requireSupport(catalog, model, exchange.ask.needs, now);
    if (exchange.ask.refusal) throw exchange.ask.refusal;
    const bound = boundOfLine(exchange, body, card, plan);
    sum.lines += 1;
    sum.tokens += bound.tokens;
    sum.nanoUsd += bound.nanoUsd;
    sum.maxOutputTokens = Math.max(sum.maxOutputTokens, bound.maxOutputTokens);
  };

  return {
    add(text, number) {
      const line = inLine(number, () => readBatchLine(text));
      const finish = (catalog: Catalog) =>
        inLine(number, () => {
          common ??= begin(line, catalog);
          check(line, common);
        });
      if (common || !isOwnModel(line.body.model)) return finish(caller.catalog);
      return withOwnModel(caller, line.body.model).then(({ catalog }) => finish(catalog));
    },
    conclude() {
      if (!common)
        throw apiError("invalid_request", "The file has no lines. Send one request per line.", { param: "file" });
      const { route, name, model, card } = common;
      const facts: BatchFacts = {
        url: route.url,
        model: name,
        snapshot: model.snapshot,
        ...sum,
        prices: card.prices ?? null,
      };
      return JSON.stringify(facts);
    },
  };
}

/** A hash of 53 bits, so that ids of any length take little memory. Only ids that are made for it have the same hash. */
function hashOf(text: string): number {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 2654435761);
    high = Math.imul(high ^ unit, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return 4294967296 * (2097151 & high) + (low >>> 0);
}
