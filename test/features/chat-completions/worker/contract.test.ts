// POST /v1/chat/completions keeps the contract of a metered route, with and without usage in its streams.

import { describeMeteredRoute } from "../../../support/metered-route.ts";
import { COMPLETIONS } from "../support/surface.ts";

for (const [name, surface] of COMPLETIONS) describeMeteredRoute(name, surface);
