// uses: admin-catalog
// PUT /admin/catalog with a policy whose rules do not apply to chats.

import { beforeEach, expect, it } from "vitest";
import { asAdmin } from "../../../support/admin.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { startAnew } from "../../../support/workerd.ts";

beforeEach(startAnew);

const store = (document: unknown) =>
  asAdmin("/admin/catalog?activate=false", { method: "PUT", body: JSON.stringify(document) });

it("stores a document with a warning, and answers with the warning", async () => {
  const catalog = createCatalog();
  const moderated = { ...catalog.aliases["default"], moderation: { input: "parallel" } };
  const policies = { default: { rules: { spam: "No advertising." }, judge: "o4-mini" } };
  const document = { ...catalog, policies, aliases: { ...catalog.aliases, default: moderated } };
  const warned = await store(document);
  expect(warned.status).toBe(201);
  const warnings = [expect.stringContaining("aliases.default.moderation.policy: ")];
  expect(await warned.json()).toMatchObject({ active: "bundled", warnings });
  expect(await (await store(catalog)).json()).toMatchObject({ warnings: [] });
});
