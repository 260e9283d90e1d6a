// POST /chat keeps the contract of a metered route, over both dialects.

import { CHATS } from "../../../support/surface.ts";
import { describeMeteredRoute } from "../../../support/metered-route.ts";

for (const [name, surface] of CHATS) describeMeteredRoute(name, surface);
