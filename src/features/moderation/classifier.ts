// The call to the classifier beside a request. It costs no tokens, so nothing is reserved for it.

import { chooseModel } from "../../core/catalog/choose.ts";
import { ENDPOINTS } from "../../core/catalog/endpoints.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { lookup } from "../../core/catalog/schema.ts";
import type { Bindings } from "../../core/env.ts";
import type { Subject } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import { callProvider, readText } from "../../core/gateway/provider.ts";
import type { Policy } from "./catalog.ts";
import type { ClassifierResult } from "./classifier-body.ts";
import { classifierBody, readModeration, worstResult } from "./classifier-body.ts";

/** A classifier that takes longer has failed. */
const CLASSIFIER_MS = 10_000;

/** The classifier's result for a subject. Throws when it does not answer, or the signal's reason. */
export async function classify(
  env: Bindings,
  catalog: Catalog,
  policy: Policy,
  subject: Subject,
  signal: AbortSignal,
): Promise<ClassifierResult> {
  const { model } = chooseModel(catalog, policy.classifier, Date.now());
  const provider = lookup(catalog.providers, model.card.provider);
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(CLASSIFIER_MS)]);
  const ask = async (part: Subject[]) => {
    const request = { path: ENDPOINTS.moderation.path, ...jsonBody(classifierBody(model.snapshot, part)) };
    return readModeration(await readText(await callProvider(env, provider, request, inTime)), part.length);
  };
  // The classifier takes one image at a time.
  const images = subject.images.map((url) => [{ text: "", images: [url] }]);
  const parts = subject.text === "" ? images : [[{ text: subject.text, images: [] }], ...images];
  return worstResult((await Promise.all(parts.map(ask))).flat());
}
