// The call to the classifier. It costs no tokens, so that nothing is reserved for it.

import { chooseModel } from "../../core/catalog/choose.ts";
import type { Policy } from "./catalog.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { known } from "../../core/catalog/schema.ts";
import type { ClassifierResult } from "./classifier-wire.ts";
import { classifierBody, readModeration, together } from "./classifier-wire.ts";
import type { Subject } from "../../dialects/openai/subject.ts";
import { ENDPOINTS } from "../../core/catalog/endpoints.ts";
import type { Bindings } from "../../core/env.ts";
import { callProvider, readWhole } from "../../core/gateway/provider.ts";

/** A classifier that takes longer has failed. */
const CLASSIFIER_MS = 10_000;

/** The classifier's result on a subject. Throws when it does not answer, or the signal's reason. */
export async function classify(
  env: Bindings,
  catalog: Catalog,
  policy: Policy,
  subject: Subject,
  signal: AbortSignal,
): Promise<ClassifierResult> {
  const { model } = chooseModel(catalog, policy.classifier, Date.now());
  const provider = known(catalog.providers, model.card.provider);
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(CLASSIFIER_MS)]);
  const ask = async (part: Subject[]) => {
    const request = { path: ENDPOINTS.moderation.path, body: classifierBody(model.snapshot, part) };
    return readModeration(await readWhole(await callProvider(env, provider, request, inTime)), part.length);
  };
  // The classifier takes one image at a time.
  const images = subject.images.map((url) => [{ text: "", images: [url] }]);
  const parts = subject.text === "" ? images : [[{ text: subject.text, images: [] }], ...images];
  return together((await Promise.all(parts.map(ask))).flat());
}
