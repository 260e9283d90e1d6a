// Streams with random endings on /v1/responses.

import { afterAll, afterEach, expect, it } from "vitest";
import { createCatalogOf } from "../../../support/catalog.ts";
import { checkRandomEndings, LANES } from "../../../support/random-endings.ts";
import { startWeir } from "../../../support/weir.ts";
import { RESPONSES } from "../support/surface.ts";

const weir = await startWeir(createCatalogOf({ concurrent: LANES }));
afterAll(weir.close);
afterEach(weir.report);

it("after 200 streams with random endings every ledger is right and has no lease", async () => {
  await checkRandomEndings(weir, [RESPONSES], 200);
  expect.hasAssertions();
}, 60_000);
