// uses: slim-chat
// Streams with random endings on POST /chat, over both dialects.

import { afterAll, afterEach, expect, it } from "vitest";
import { createCatalogOf } from "../support/catalog.ts";
import { checkRandomEndings, LANES } from "../support/random-endings.ts";
import { CHATS } from "../support/surface.ts";
import { startWeir } from "../support/weir.ts";

const weir = await startWeir(createCatalogOf({ concurrent: LANES }));
afterAll(weir.close);
afterEach(weir.report);

it("after 600 streams with random endings every ledger is right, and no lease is left", async () => {
  const surfaces = CHATS.map(([, surface]) => surface);
  await checkRandomEndings(weir, surfaces, 600);
  expect.hasAssertions();
}, 60_000);
