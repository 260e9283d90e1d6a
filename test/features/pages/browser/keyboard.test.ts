// uses: slim-chat, usage
// The playground by keyboard alone: every control is reached, and the focus stays where the user is.

import { expect, it } from "vitest";
import { startBrowser } from "./support/browser.ts";
import { ended } from "./support/chat.ts";

const { open, createUser } = await startBrowser();

const FOCUSED = `(() => {
  const { activeElement: focused } = document;
  const label = focused.labels?.[0]?.textContent ?? focused.getAttribute("aria-label") ?? focused.textContent;
  return label.trim().replaceAll(/\\s+/g, " ");
})()`;

it("the playground works without a pointer", async () => {
  const { token } = await createUser();
  const page = await open("/", { token });
  await page.getByRole("meter").first().waitFor();
  const focused = () => page.evaluate<string>(FOCUSED);
  /** Presses Tab until a control with that name has the focus. */
  const goTo = async (name: string) => {
    const seen = [];
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press("Tab");
      const here = await focused();
      if (here.startsWith(name)) return;
      seen.push(here);
    }
    throw new Error(`Tab does not reach '${name}', only: ${seen.join(", ")}`);
  };

  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  await goTo("Model");
  await goTo("Your message");
  await page.keyboard.type("Hi");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("there");
  expect(await page.getByLabel("Your message").inputValue()).toBe("Hi\nthere");
  await page.keyboard.press("Enter");
  expect(await ended(page)).toMatch(/about Hi/);
  expect(await focused()).toBe("Your message");
  await goTo("curl");
  await page.keyboard.press("ArrowRight");
  expect(await focused()).toBe("Swift");
  expect(await page.getByRole("tabpanel").innerText()).toContain("import Foundation");
});

it("the dialog of the token takes the focus, and gives it back", async () => {
  const page = await open("/account");
  const button = page.getByRole("banner").getByRole("button", { name: /token/i });
  await button.focus();
  await page.keyboard.press("Enter");
  expect(await page.evaluate<string>(FOCUSED)).toBe("Token");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await page.evaluate<string>(FOCUSED)).toMatch(/token/i);
});
