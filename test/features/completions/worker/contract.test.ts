// POST /v1/completions keeps the contract of a metered route: the cost of every ending.

import { describeMeteredRoute } from "../../../support/metered-route.ts";
import { COMPLETIONS } from "../support/surface.ts";

describeMeteredRoute("completions", COMPLETIONS);
