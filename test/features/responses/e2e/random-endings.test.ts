// Random endings on /v1/responses.

import { afterAll, afterEach, expect, it } from "vitest";
import { createEndingsCatalog } from "../../../support/ending-scenarios.ts";
import { checkRandomEndings } from "../../../support/random-endings.ts";
import { startWeir } from "../../../support/weir.ts";
import { RESPONSES } from "../support/surface.ts";

const weir = await startWeir(createEndingsCatalog());
afterAll(weir.close);
afterEach(weir.report);

it("after 40 random endings every caller has paid at least the bill of the provider, and at most the bound", async () => {
  await checkRandomEndings(weir, [RESPONSES], 40);
  expect.hasAssertions();
}, 60_000);
