// `npm run screenshots`: takes the pictures of the README from the real pages, with the emulated provider.

import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page, Route } from "playwright-core";
import { chromium } from "playwright-core";
import { toFile } from "../repository.ts";
import { devVars } from "../secrets.ts";
import { startStack } from "../stack.ts";
import { createToken } from "../token.ts";
import { CHROMIUM_FLAGS, findChromium } from "./chromium.ts";

const FOLDER = toFile("src/features/pages/screenshots");
const LIMIT_KB = 150;
const DESKTOP = { width: 1280, height: 820 };
const PHONE = { width: 390, height: 844 };

const { ADMIN_TOKEN = "" } = devVars();

const QUESTION = "Why does a weir make a river easier to measure?";
const ANSWER =
  "A weir makes the water fall over an edge of a known shape. Then its height alone tells how much water passes.";

interface Picture {
  name: string;
  path: string;
  colorScheme: "light" | "dark";
  viewport?: typeof DESKTOP;
  prepare?: (page: Page) => Promise<void>;
}

const PICTURES: Picture[] = [
  { name: "playground", path: "/", colorScheme: "light", prepare: chat },
  { name: "playground-phone", path: "/", colorScheme: "dark", viewport: PHONE, prepare: chat },
  { name: "model", path: "/models/o4-mini", colorScheme: "dark" },
  { name: "model-phone", path: "/models/o4-mini", colorScheme: "light", viewport: PHONE },
  { name: "compare", path: "/compare?models=o3,o3-mini,gpt-5-mini", colorScheme: "light" },
  { name: "account", path: "/account", colorScheme: "light" },
  { name: "console", path: "/console", colorScheme: "dark", prepare: signIn },
];

mkdirSync(FOLDER, { recursive: true });
const { url, harness } = await startStack({ emulate: true, provider: { PACE_MS: "0" } });
try {
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS });
  const token = await createToken("alice");
  await spend(token);
  for (const picture of PICTURES) await take(browser, picture, token);
  await browser.close();
} finally {
  await harness.close();
}

async function take(browser: Browser, picture: Picture, token: string): Promise<void> {
  const { name, path, colorScheme, viewport = DESKTOP, prepare } = picture;
  const context = await browser.newContext({ baseURL: url, viewport, colorScheme, reducedMotion: "reduce" });
  await context.addInitScript(`sessionStorage.setItem("weir-token", ${JSON.stringify(token)})`);
  await context.route("**/chat", answerWell);
  const page = await context.newPage();
  await page.goto(path, { waitUntil: "networkidle" });
  await prepare?.(page);
  const file = join(FOLDER, `${name}.png`);
  await page.screenshot({ path: file });
  await context.close();
  const kilobytes = Math.ceil(statSync(file).size / 1000);
  console.log(`${name}.png  ${kilobytes} kB`);
  if (kilobytes > LIMIT_KB) throw new Error(`${name}.png is larger than ${LIMIT_KB} kB.`);
}

/** Uses a part of the user's quota, so that the bars have something to show. */
async function spend(token: string): Promise<void> {
  for (const tokens of [1900, 1700, 1200]) {
    const body = JSON.stringify({ input: `emulate ${JSON.stringify({ tokens })}` });
    const response = await fetch(`${url}/chat`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body,
    });
    await response.text();
  }
}

/** Makes the emulated provider answer with a text that is good to read. */
async function answerWell(route: Route): Promise<void> {
  const body = route.request().postDataJSON() as object;
  await route.continue({ postData: { ...body, input: `emulate ${JSON.stringify({ text: ANSWER })}` } });
}

async function chat(page: Page): Promise<void> {
  await page.getByLabel("Your message").fill(QUESTION);
  await page.getByLabel("Your message").press("Enter");
  await page.getByRole("button", { name: "Retry" }).waitFor();
  // The phone shows the card of the conversation.
  await page.evaluate("scrollTo(0, innerWidth > 1000 ? 0 : document.querySelector('.chat').offsetTop - 16)");
  await page.evaluate("document.activeElement.blur()");
}

async function signIn(page: Page): Promise<void> {
  await publish();
  await page.getByLabel("Admin token").fill(ADMIN_TOKEN);
  await page.getByLabel("Admin token").press("Enter");
  await page.getByRole("region", { name: "Active revision" }).waitFor();
  await page.evaluate("document.activeElement.blur()");
}

interface CatalogDocument {
  plans: { free: { windows: { limit: number }[] } };
}

/** Publishes a catalog, and starts a canary. */
async function publish(): Promise<void> {
  const catalog = await asAdmin<CatalogDocument>("GET", "/bundled");
  const [tokens] = catalog.plans.free.windows;
  if (!tokens) throw new Error("The plan 'free' has no window.");
  const put = async (limit: number, note: string, activate: boolean) => {
    tokens.limit = limit;
    const intent = new URLSearchParams({ author: "Ada", note, activate: String(activate) }).toString();
    return asAdmin<{ revision: string }>("PUT", `?${intent}`, catalog);
  };
  await put(25_000, "A little more for free", true);
  const { revision } = await put(30_000, "Try 30,000 tokens", false);
  await asAdmin("POST", "/canary", { revision, percent: 10, author: "Ada", note: "First on a few users" });
}

async function asAdmin<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${url}/admin/catalog${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Answer;
}
