// uses: admin-budget, admin-catalog, admin-users, slim-chat
// The operator's console: one user's quota and data, notices, and the budget.

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { devVars } from "../../../../dev/secrets.ts";
import { createToken } from "../../../../dev/token.ts";
import { faultsOf, PHONE, startBrowser } from "./support/browser.ts";

const { open, url } = await startBrowser();
const { ADMIN_TOKEN: adminToken = "" } = devVars();

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("Admin token").fill(adminToken);
  await page.getByRole("button", { name: "Open the console" }).click();
}

async function showUser(page: Page, subject: string): Promise<void> {
  await signIn(page);
  await page.getByLabel("Subject").fill(subject);
  await page.getByRole("button", { name: "Show this user" }).click();
  await page.getByRole("heading", { name: subject }).waitFor();
}

/** Makes a change with a reason in its dialog. `amount` fills the field with that label. */
async function change(page: Page, button: string, action: string, amount?: [label: string, value: string]) {
  await page.getByRole("button", { name: button }).first().click();
  const dialog = page.getByRole("dialog");
  if (amount) await dialog.getByLabel(amount[0]).fill(amount[1]);
  await dialog.getByLabel("Reason").fill(`Ticket 7: ${action}`);
  await dialog.getByRole("button", { name: action }).click();
  await dialog.waitFor({ state: "detached" });
}

const chat = async (token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/chat`, { method: "POST", headers, body: JSON.stringify({ input: "Hi" }) });
  await response.text();
  return response.status;
};

it("shows a user's quota, and blocks, grants and resets with a reason", async () => {
  const subject = crypto.randomUUID();
  const token = await createToken(subject);
  expect(await chat(token)).toBe(200);
  const page = await open("/console#user");
  await showUser(page, subject);
  await page.getByRole("region", { name: "Use by day" }).waitFor();
  expect(await faultsOf(page)).toEqual([]);

  await change(page, "Block…", "Block");
  expect(await chat(token)).toBe(403);
  await change(page, "Unblock…", "Unblock");
  expect(await chat(token)).toBe(200);
  await change(page, "Grant more…", "Grant", ["Tokens", "1234"]);
  await change(page, "Reset…", "Reset");
  const changes = page.getByRole("region", { name: "Changes" });
  expect(await changes.getByRole("listitem").count()).toBe(4);
  expect(await changes.innerText()).toContain("by 1,234");
  expect(await changes.innerText()).toContain("“Ticket 7: Reset”");
  expect(await faultsOf(page)).toEqual([]);
});

it("does not grant twice when the answer was lost", async () => {
  const subject = crypto.randomUUID();
  const page = await open("/console#user", { statuses: [502] });
  await showUser(page, subject);
  let isLost = false;
  await page.route("**/changes", async (route) => {
    if (isLost) return route.continue();
    isLost = true;
    await route.fetch();
    return route.fulfill({ status: 502, body: "" });
  });
  await page.getByRole("button", { name: "Grant more…" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Tokens").fill("777");
  await dialog.getByLabel("Reason").fill("An outage");
  await dialog.getByRole("button", { name: "Grant" }).click();
  await dialog.getByText("Sending it again is harmless").waitFor();
  await dialog.getByRole("button", { name: "Send again" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await page.getByText("by 777").count()).toBe(1);
});

it("exports a user, and deletes only after the subject is typed", async () => {
  const subject = crypto.randomUUID();
  const page = await open("/console#user", { viewport: PHONE });
  await showUser(page, subject);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export as a file" }).click();
  expect((await download).suggestedFilename()).toMatch(/^user-.+\.json$/);

  await page.getByRole("button", { name: "Delete…" }).click();
  const dialog = page.getByRole("dialog");
  const confirm = dialog.getByLabel("Type the subject to confirm");
  await confirm.fill("somebody else");
  await dialog.getByRole("button", { name: "Delete" }).click();
  expect(await dialog.isVisible()).toBe(true);
  await confirm.fill(subject);
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByText(`Everything that Weir finds about ${subject} is deleted.`).waitFor();
  expect(await faultsOf(page)).toEqual([]);
});

it("checks the models, shows the budget, and says which section this deployment lacks", async () => {
  const page = await open("/console#notices", { statuses: [404] });
  await signIn(page);
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText(/^Checked on/).waitFor();
  expect(await faultsOf(page)).toEqual([]);
  await page.getByRole("link", { name: "Budget" }).click();
  await page.getByText(/As of/).waitFor();
  expect(await faultsOf(page)).toEqual([]);

  const json = { error: { code: "not_found", message: "There is no such route here." } };
  await page.route("**/admin/budget", (route) => route.fulfill({ status: 404, json }));
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.getByText("This deployment has no feature admin-budget.").waitFor();
});
