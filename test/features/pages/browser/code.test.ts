// uses: slim-chat
// The code that the playground offers: what is copied runs as it is, and prints the answer.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, expect, it } from "vitest";
import { emulate } from "../../../support/emulation.ts";
import { startBrowser } from "./support/browser.ts";

const { open, createUser } = await startBrowser();
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "weir-code-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A message that would break code that does not quote it. */
const TEXT = 'It\'s "5 < 6", $HOME `date` \\n 🌊';

/** Opens the playground with that message, and copies the code in one language. */
async function copyCode(language: string, token: string): Promise<{ page: Page; code: string }> {
  const page = await open("/", { token });
  await page.getByRole("meter").first().waitFor();
  await page.getByLabel("Your message").fill(emulate({ text: TEXT }));
  await page.getByRole("tab", { name: language }).click();
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const code = await page.evaluate<string>("navigator.clipboard.readText()");
  expect(code).not.toContain(token);
  return { page, code };
}

it("curl", async () => {
  const { token } = await createUser();
  const { code } = await copyCode("curl", token);
  const { stdout } = await run("bash", ["-c", code], { env: { ...process.env, TOKEN: token } });
  const texts = [...stdout.matchAll(/^(?<!event:\w+\n)data:(".*)$/gm)].map(
    ([, json = ""]) => JSON.parse(json) as string,
  );
  expect(texts.join("")).toBe(TEXT);
  expect(stdout).toMatch(/event:done\ndata:\{"finish":"stop"/);
});

it("TypeScript", async () => {
  const { token } = await createUser();
  const { code } = await copyCode("TypeScript", token);
  writeFileSync(join(folder, "chat.ts"), code);
  const { stdout } = await run(process.execPath, ["chat.ts"], { cwd: folder, env: { ...process.env, TOKEN: token } });
  expect(stdout).toContain(`${TEXT}\n[stop] $0.000`);
});

it("every language shows the message and the address, and no token", async () => {
  const { token } = await createUser();
  const { page } = await copyCode("curl", token);
  for (const language of ["curl", "Swift", "Kotlin", "Dart", "TypeScript"]) {
    await page.getByRole("tab", { name: language }).click();
    const code = await page.getByRole("tabpanel").innerText();
    expect([language, code.includes("/chat"), code.includes("🌊"), code.includes(token)]).toEqual([
      language,
      true,
      true,
      false,
    ]);
  }
});
