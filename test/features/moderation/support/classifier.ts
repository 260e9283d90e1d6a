// The emulated classifier, beside a provider of the test's own for everything else.

import type { Provider } from "../../../support/providers.ts";
import { createUserOf, emulated } from "../../../support/providers.ts";

const isClassification = ({ url }: Request) => new URL(url).pathname.endsWith("/moderations");

/** A new user of that provider, whose classifier is the emulated one. */
export const createUserBesideClassifier = (provider: Provider) =>
  createUserOf((request) => (isClassification(request) ? emulated(request) : provider(request)));
