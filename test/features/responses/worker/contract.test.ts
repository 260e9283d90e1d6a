// POST /v1/responses keeps the contract of a metered route.

import { describeMeteredRoute } from "../../../support/metered-route.ts";
import { RESPONSES } from "../support/surface.ts";

describeMeteredRoute("/v1/responses", RESPONSES);
