// uses: slim-chat, usage
// The account page: the windows as bars, and the use by day.

import { expect, it } from "vitest";
import { faultsOf, PHONE, startBrowser } from "./support/browser.ts";

const { open, createUser } = await startBrowser();

it("shows the plan, its windows and today's use, also on a phone", async () => {
  const { token, post, settled } = await createUser();
  await (await post("/chat", { input: "Hi" })).text();
  const { tokens } = await settled();
  const page = await open("/account", { token, viewport: PHONE });
  const bar = page.getByRole("meter", { name: /^Tokens per month/ });
  await bar.waitFor();
  expect(Number(await bar.getAttribute("aria-valuenow"))).toBe(tokens);
  const text = (await page.locator("main").innerText()).replaceAll(/\s+/g, " ");
  expect(text).toContain("roomy");
  const day = page.getByRole("slider", { name: "Day" });
  expect(await day.getAttribute("aria-valuetext")).toMatch(new RegExp(`Today.*${tokens} tokens, 1 request`));
  await day.focus();
  await page.keyboard.press("ArrowLeft");
  expect(await day.getAttribute("aria-valuetext")).toMatch(/0 tokens, 0 requests/);
  expect(await faultsOf(page)).toEqual([]);
});

it("says when a window is used up, in words and not only by colour", async () => {
  const { token, post, settled } = await createUser("once");
  await (await post("/chat", { input: "Hi" })).text();
  await settled();
  const page = await open("/account", { token });
  await page.getByRole("meter").first().waitFor();
  expect(await page.locator("main").innerText()).toMatch(/used up/i);
  expect(await faultsOf(page)).toEqual([]);
});

it("asks for a token when the one it has is not valid", async () => {
  const page = await open("/account", { token: "not-a-token", statuses: [401] });
  await page.getByText(/token is (missing, )?expired or not valid/i).waitFor();
  expect(await faultsOf(page)).toEqual([]);
});
