// uses: usage
// The use by day on the account page: chart, table and totals, and how the page stays up to date.

import type { Page, Route } from "playwright-core";
import { expect, it } from "vitest";
import { faultsOf, PHONE, startBrowser } from "./support/browser.ts";

const { open, createUser } = await startBrowser();

const DAY_MS = 86_400_000;

/** The answer of GET /usage, with use on each of the 10 days before today, and 20 days before. */
const usageWith = (requests: number) => ({
  plan: "roomy",
  windows: [],
  leases: { running: 1, allowed: 2 },
  max_output_tokens: 2000,
  history: Array.from({ length: 30 }, (_, index) => {
    const before = 29 - index;
    const isUsed = (before > 0 && before <= 10) || before === 20;
    const date = new Date(Date.now() - before * DAY_MS).toISOString().slice(0, 10);
    return isUsed ? { date, tokens: 1000 * before, requests, usd: 0.002 } : { date, tokens: 0, requests: 0, usd: 0 };
  }),
});

/** Opens the page on a fixed answer. `calls` counts the answers. */
async function openFixed(options: Parameters<typeof open>[1] = {}) {
  const page = await open("/models", { token: (await createUser()).token, ...options });
  const fixed = { usage: usageWith(2), calls: 0 };
  await page.route("**/usage?*", async (route) => {
    fixed.calls++;
    await route.fulfill({ json: fixed.usage });
  });
  await page.goto("/account");
  await page.getByRole("heading", { name: "Your use by day" }).waitFor();
  return { page, fixed };
}

const totals = async (page: Page) =>
  Promise.all(["Tokens", "Requests", "Dollars"].map((name) => page.locator("label", { hasText: name }).innerText()));

it("adds up the days that are chosen, as a chart or as a table", async () => {
  const { page } = await openFixed({ viewport: PHONE });
  expect((await totals(page)).map((text) => text.split(/\s+/)[1])).toEqual(["75,000", "22", "$0.022"]);
  await page.getByRole("radio", { name: "7 days" }).check();
  expect((await totals(page)).map((text) => text.split(/\s+/)[1])).toEqual(["21,000", "12", "$0.012"]);
  const day = page.getByRole("slider", { name: "Day" });
  expect(await day.getAttribute("aria-valuemax")).toBe("7");
  await day.focus();
  await page.keyboard.press("Home");
  expect(await day.getAttribute("aria-valuetext")).toMatch(/6,000 tokens, 2 requests, \$0\.002/);

  await page.getByRole("radio", { name: "Table" }).check();
  await day.waitFor({ state: "hidden" });
  const rows = await page.getByRole("row").allInnerTexts();
  expect(rows).toHaveLength(1 + 7 + 1);
  expect(rows[1]).toMatch(/today\s+0\s+0\s+\$0\.00/);
  expect(rows.at(-1)).toMatch(/Total\s+21,000\s+12\s+\$0\.012/);
  expect(await faultsOf(page)).toEqual([]);
});

it("keeps the choices and the focus when it is refreshed", async () => {
  const { page, fixed } = await openFixed();
  await page.getByRole("radio", { name: "7 days" }).check();
  await page.getByRole("radio", { name: "Requests" }).check();
  fixed.usage = usageWith(4);
  const refresh = page.getByRole("button", { name: "Refresh" });
  await refresh.press("Enter");
  await page.locator("label", { hasText: "Requests" }).getByText("24").waitFor();
  expect(await page.getByRole("radio", { name: "7 days" }).isChecked()).toBe(true);
  expect(await refresh.evaluate((button) => button.ownerDocument.activeElement === button)).toBe(true);
});

it("is refreshed when the tab becomes visible again, but not at every change of tabs", async () => {
  const { page, fixed } = await openFixed();
  const comeBack = () => page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`);
  await comeBack();
  expect(fixed.calls).toBe(1);
  await page.evaluate(`{ const later = Date.now() + 60_000; Date.now = () => later; }`);
  const answered = page.waitForResponse("**/usage?*");
  await comeBack();
  await answered;
  expect(fixed.calls).toBe(2);
});

it("keeps the data while the server cannot answer, and says so", async () => {
  const { page } = await openFixed({ statuses: [503] });
  const error = { code: "quota_unavailable", message: "Your quota could not be checked." };
  const fail = (route: Route) => route.fulfill({ status: 503, json: { error } });
  await page.route("**/usage?*", fail);
  await page.getByRole("button", { name: "Refresh" }).click();
  const problem = page.getByText("Your account could not be read");
  await problem.waitFor();
  expect(await page.getByRole("slider", { name: "Day" }).isVisible()).toBe(true);
  expect(await faultsOf(page)).toEqual([]);
  await page.unroute("**/usage?*", fail);
  await page.getByRole("button", { name: "Try again" }).click();
  await problem.waitFor({ state: "detached" });
});

it("shows a new user where to begin", async () => {
  const page = await open("/account", { token: (await createUser()).token });
  await page.getByText("Nothing used in these days").waitFor();
  expect(await page.getByRole("link", { name: "Open the playground" }).getAttribute("href")).toBe("/");
  expect(await faultsOf(page)).toEqual([]);
});

it("shows a blocked user no data", async () => {
  const page = await open("/account", { token: (await createUser()).token, statuses: [403] });
  await page.getByRole("heading", { name: "Your plan" }).waitFor();
  const error = { code: "user_blocked", message: "This user is blocked. Please contact support." };
  await page.route("**/usage?*", (route) => route.fulfill({ status: 403, json: { error } }));
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.getByText("Please contact support.").waitFor();
  expect(await page.getByRole("heading", { name: "Your plan" }).count()).toBe(0);
  expect(await faultsOf(page)).toEqual([]);
});
