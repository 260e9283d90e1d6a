// uses: admin-catalog, admin-users, usage
// The operator's console: sign in, publish, canary, rollback, and a conflict with another operator.

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { devVars } from "../../../../dev/secrets.ts";
import { catalog, faultsOf, PHONE, startBrowser } from "./support/browser.ts";

const { open, url } = await startBrowser();
const { ADMIN_TOKEN: adminToken = "" } = devVars();

/** The tests' catalog, with a plan that makes it another revision. */
const documentOf = (concurrent: number) => ({
  ...catalog,
  plans: { ...catalog.plans, extra: { ...catalog.plans["roomy"], concurrent } },
});

const asAdmin = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${adminToken}` } });
  return (await response.json()) as { active: string; previous: string; canary: object | null; revision: string };
};

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("Admin token").fill(adminToken);
  await page.getByRole("button", { name: "Open the console" }).click();
  await page.getByRole("region", { name: "Active revision" }).waitFor();
}

/** Opens a document as a file in the editor, and then the dialog of a button. */
async function submit(page: Page, document: object, button: string) {
  await page.getByRole("link", { name: "Edit the catalog" }).click();
  const file = { name: "new.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(document)) };
  await page.getByLabel("Or open a JSON file").setInputFiles(file);
  await page.getByLabel("Document, from new.json").waitFor();
  await page.getByRole("button", { name: button }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Your name").fill("Ada");
  await dialog.getByLabel("Note").fill("A new plan");
  return dialog;
}

it("refuses a wrong admin token, and keeps the right one in memory only", async () => {
  const page = await open("/console", { statuses: [401] });
  await page.getByLabel("Admin token").fill("wrong");
  await page.getByRole("button", { name: "Open the console" }).click();
  await page.getByText("Weir refused this token").waitFor();
  expect(await faultsOf(page)).toEqual([]);
  await signIn(page);
  const stored = await page.evaluate<string>(
    "JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])",
  );
  expect(stored).not.toContain(adminToken);
  expect(page.url()).not.toContain(adminToken);
  await page.reload();
  await page.getByLabel("Admin token").waitFor();
  expect(await page.getByLabel("Admin token").inputValue()).toBe("");
});

it("publishes a document, shows what changes, and rolls back", async () => {
  const page = await open("/console");
  await signIn(page);
  const before = await asAdmin("/admin/catalog");
  const dialog = await submit(page, documentOf(3), "Publish…");
  expect(await dialog.innerText()).toContain("plans.extra");
  expect(await faultsOf(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText(/The active revision is/).waitFor();
  const published = await asAdmin("/admin/catalog");
  expect(published).toMatchObject({ previous: before.active });
  await page.getByRole("region", { name: "Active revision" }).getByText(published.active).waitFor();

  await page.getByRole("button", { name: "Roll back…" }).click();
  await page.getByRole("dialog").getByLabel("Your name").fill("Ada");
  await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
  await page.getByText(`The active revision is ${before.active}.`).waitFor();
  expect(await asAdmin("/admin/catalog")).toMatchObject({ active: before.active, previous: published.active });
});

it("stores a document, gives it to a share of the users with the slider, and ends the canary", async () => {
  const page = await open("/console", { viewport: PHONE });
  await signIn(page);
  const dialog = await submit(page, documentOf(4), "Check and store…");
  await dialog.getByRole("button", { name: "Check and store" }).click();
  await page.getByRole("button", { name: "Try it on some users…" }).click();
  await page.getByRole("dialog").getByRole("slider").fill("25");
  await page.getByRole("dialog").getByLabel("Your name").fill("Ada");
  expect(await faultsOf(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
  await page.getByText("25 % of the users").first().waitFor();
  expect((await asAdmin("/admin/catalog")).canary).toMatchObject({ percent: 25 });
  expect(await faultsOf(page)).toEqual([]);

  await page.getByRole("button", { name: "End…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End the canary" }).click();
  await page.getByRole("button", { name: "Start a canary…" }).waitFor();
  expect((await asAdmin("/admin/catalog")).canary).toBeNull();
});

it("shows the faults of a document, and changes nothing", async () => {
  const page = await open("/console", { statuses: [400] });
  await signIn(page);
  const { active } = await asAdmin("/admin/catalog");
  const dialog = await submit(page, { ...documentOf(5), default_plan: "nosuch" }, "Publish…");
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText(/Nothing was stored/).waitFor();
  expect(await page.locator("main").innerText()).toContain("default_plan");
  expect((await asAdmin("/admin/catalog")).active).toBe(active);
});

it("changes nothing when another operator was faster", async () => {
  const page = await open("/console", { statuses: [409] });
  await signIn(page);
  const dialog = await submit(page, documentOf(6), "Publish…");
  const other = await asAdmin("/admin/catalog?author=Grace", { method: "PUT", body: JSON.stringify(documentOf(7)) });
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText("The active revision has changed in the meantime.").waitFor();
  expect(await page.locator("main").innerText()).toContain("Grace");
  expect((await asAdmin("/admin/catalog")).active).toBe(other.revision);
});
