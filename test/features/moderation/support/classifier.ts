// A user whose classifier is the emulated one. The test plays the provider for all other requests.

import type { Provider } from "../../../support/providers.ts";
import { createUserOf, emulated } from "../../../support/providers.ts";

const isClassification = ({ url }: Request) => new URL(url).pathname.endsWith("/moderations");

export const createUserBesideClassifier = (provider: Provider) =>
  createUserOf((request) => (isClassification(request) ? emulated(request) : provider(request)));
