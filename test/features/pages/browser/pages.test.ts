// Every page, light and dark, on a desktop and on a phone: no faults that a machine can find.

import { expect, it } from "vitest";
import { DESKTOP, faultsOf, loaded, PHONE, startBrowser } from "./support/browser.ts";

const { open, createUser } = await startBrowser();

const PATHS = [
  "/",
  "/models",
  "/models/o4-mini",
  "/models/no-such-model",
  "/compare?models=o3,o3-mini",
  "/account",
  "/console",
];

it.each(PATHS)("%s has no faults, light and dark, on a desktop and on a phone", async (path) => {
  const { token } = await createUser();
  const page = await open(path, { token, statuses: [404] });
  await loaded(page);
  for (const viewport of [DESKTOP, PHONE]) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme: "light" });
    expect([viewport, await faultsOf(page)]).toEqual([viewport, []]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect([viewport, "dark", await faultsOf(page, ["color-contrast"])]).toEqual([viewport, "dark", []]);
  }
  expect(await page.locator("h1").count()).toBe(1);
  expect(await page.title()).toMatch(/ – Weir$/);
});

it.each(["/", "/account"])("%s without a token asks for one, and has no faults", async (path) => {
  const page = await open(path);
  await loaded(page);
  expect(await faultsOf(page)).toEqual([]);
  await page.locator("main").getByRole("button", { name: /token/i }).first().click();
  await page.getByRole("dialog").getByLabel("Token").waitFor();
});

it.each(["/models", "/models/o4-mini", "/compare?models=o4-mini"])("%s needs no token", async (path) => {
  const page = await open(path);
  await page
    .getByRole("link", { name: "o4-mini" })
    .or(page.getByRole("heading", { name: "o4-mini" }))
    .first()
    .waitFor();
});
