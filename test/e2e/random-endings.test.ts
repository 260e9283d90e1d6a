// uses: slim-chat, moderation
// Random endings on POST /chat, over both dialects.

import { afterAll, afterEach, expect, it } from "vitest";
import { createEndingsCatalog } from "../support/ending-scenarios.ts";
import { checkRandomEndings } from "../support/random-endings.ts";
import { CHATS } from "../support/surface.ts";
import { startWeir } from "../support/weir.ts";

/** Errors by which their endings are known to have happened. */
const CODES = ["content_policy_violation", "moderation_unavailable", "provider_error", "provider_timeout"];

const weir = await startWeir(createEndingsCatalog());
afterAll(weir.close);
afterEach(weir.report);

it("after 60 random endings every caller has paid at least the bill of the provider, and at most the bound", async () => {
  const surfaces = CHATS.map(([, surface]) => surface);
  const codes = await checkRandomEndings(weir, surfaces, 60);
  expect(codes).toEqual(expect.arrayContaining(CODES));
}, 60_000);
