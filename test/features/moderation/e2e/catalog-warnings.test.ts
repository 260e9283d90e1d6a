// uses: admin-catalog
// `npm run catalog -- check` with a policy whose rules do not apply to chats. It needs no server.

import { afterAll, expect, it } from "vitest";
import { createCatalog } from "../../../support/catalog.ts";
import { createCommand } from "../../admin-catalog/support/command.ts";

const { run, ask, write, remove } = createCommand("http://127.0.0.1:1");
afterAll(remove);

it("check prints a warning, which is not a fault", async () => {
  const catalog = createCatalog();
  const moderated = { ...catalog.aliases["default"], moderation: { input: "parallel" } };
  const policies = { default: { rules: { spam: "No advertising." }, judge: "o4-mini" } };
  const file = write("warned.json", { ...catalog, policies, aliases: { ...catalog.aliases, default: moderated } });
  const { code, output } = await run("check", file);
  expect(code).toBe(0);
  expect(output).toContain("\nwarning: aliases.default.moderation.policy: ");
  expect(await ask("check", file)).toMatchObject({ ok: true, warnings: [expect.stringContaining("'default'")] });
});
