// Steps of a user in the playground.

import type { Locator, Page } from "playwright-core";

/** Writes a message and sends it with Enter. */
export async function ask(page: Page, message: string): Promise<void> {
  await page.getByLabel("Your message").fill(message);
  await page.getByLabel("Your message").press("Enter");
}

/** The answers so far. */
export const answers = (page: Page): Locator => page.getByRole("log").locator("article.answer");

/** Resolves with the text of the last answer, once it has ended. */
export async function ended(page: Page): Promise<string> {
  const last = answers(page).last();
  await last.locator("xpath=self::*[not(@aria-busy)]").waitFor();
  return last.innerText();
}
