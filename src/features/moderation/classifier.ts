// The classifier call for a request. It costs no tokens, so it needs no reservation.

import { chooseModel } from "../../core/catalog/choose.ts";
import { ENDPOINTS } from "../../core/catalog/endpoints.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { lookup } from "../../core/catalog/schema.ts";
import type { Bindings } from "../../core/env.ts";
import type { Subject } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import { withDeadline } from "../../core/http/deadline.ts";
import { callProvider, readText } from "../../core/gateway/provider.ts";
import type { Policy } from "./catalog.ts";
import type { ClassifierResult } from "./classifier-body.ts";
import { CLASSIFIER_TIMEOUT_MS, classifierBody, readClassifierResults, worstResult } from "./classifier-body.ts";

/**
 * Returns the classifier's result for a subject, merged over its text and images. Throws an ApiError when a call fails
 * or takes longer than 10 s, and the signal's reason when it aborts.
 */
export async function classify(
  env: Bindings,
  catalog: Catalog,
  policy: Policy,
  subject: Subject,
  signal: AbortSignal,
): Promise<ClassifierResult> {
  const { model } = chooseModel(catalog, policy.classifier, Date.now());
  const provider = lookup(catalog.providers, model.card.provider);
  const classifyPart = async (part: Subject[]) => {
    const request = { path: ENDPOINTS.moderation.path, ...jsonBody(classifierBody(model.snapshot, part)) };
    const call = (late: AbortSignal) => callProvider(env, provider, request, AbortSignal.any([signal, late]));
    const answer = await withDeadline(CLASSIFIER_TIMEOUT_MS, async (late) => readText(await call(late)));
    return readClassifierResults(answer, part.length);
  };
  // The classifier takes one image per request.
  const images = subject.images.map((url) => [{ text: "", images: [url] }]);
  const parts = subject.text === "" ? images : [[{ text: subject.text, images: [] }], ...images];
  return worstResult((await Promise.all(parts.map(classifyPart))).flat());
}
