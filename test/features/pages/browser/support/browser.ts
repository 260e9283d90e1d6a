// A real browser on the pages of a built Weir. Every page that a test opens is watched for faults.

import axe from "axe-core";
import type { Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterEach, expect } from "vitest";
import { CHROMIUM_FLAGS, findChromium } from "../../../../../dev/pages/chromium.ts";
import { createCatalog, toAlias } from "../../../../support/catalog.ts";
import { startWeir } from "../../../../support/weir.ts";

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** The longest step in a page, on a slow machine. */
const STEP_MS = 10_000;

interface Opening {
  /** The user's token, as if the user had pasted it. Without one, the page has none, as on a deployed Weir. */
  token?: string;
  viewport?: typeof DESKTOP;
  /** Error statuses that the test provokes. The browser writes each to the console. */
  statuses?: number[];
}

/** A page with what it did wrong so far. */
interface Watched {
  page: Page;
  problems: string[];
}

const REPORT_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP: " + event.violatedDirective + " " + event.blockedURI));`;

const storeToken = (token: string) =>
  `if (!sessionStorage.getItem("weir-token")) sessionStorage.setItem("weir-token", ${JSON.stringify(token)});`;

/** The tests' catalog, with an alias whose input is moderated. */
export const catalog = createCatalog();
catalog.aliases["guarded"] = Object.assign(toAlias("o4-mini"), { moderation: { input: "before" } });

/** One Weir and one browser for all files of a process. Both end with the process. */
const started = startWeir(catalog).then(async (weir) => ({ weir, context: await startContext(weir.url) }));

/** One window for all tests, because a new one takes a second. A tab has its own storage, and no page sets a cookie. */
async function startContext(baseURL: string) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS });
  const context = await browser.newContext({
    baseURL,
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(STEP_MS);
  await context.addInitScript(REPORT_VIOLATIONS);
  // The development server offers a token of its own.
  await context.route("**/development-token", (route) => route.fulfill({ status: 204 }));
  return context;
}

/**
 * Returns Weir and a browser. After each test, the pages that it opened are closed, and the test fails if one of them
 * had a problem.
 */
export async function startBrowser() {
  const { weir, context } = await started;
  const watched: Watched[] = [];

  afterEach(async (test) => {
    const problems = watched.flatMap((each) => each.problems);
    for (const { page } of watched.splice(0)) await page.close();
    weir.report(test);
    expect(problems).toEqual([]);
  });

  /** Opens a page in a tab of its own. */
  const open = async (path: string, { token, viewport = DESKTOP, statuses = [] }: Opening = {}): Promise<Page> => {
    const page = await context.newPage();
    watched.push({ page, problems: watch(page, weir.url, statuses) });
    await page.setViewportSize(viewport);
    if (token !== undefined) await page.addInitScript(storeToken(token));
    await page.goto(path);
    return page;
  };
  return { ...weir, open };
}

/** Collects errors in the console, errors of scripts, and requests to other hosts. */
function watch(page: Page, origin: string, statuses: number[]): string[] {
  const problems: string[] = [];
  page.on("pageerror", ({ message }) => problems.push(`error: ${message}`));
  page.on("console", (line) => {
    const status = Number(/the server responded with a status of (\d+)/.exec(line.text())?.[1]);
    if (line.type() === "error" && !statuses.includes(status)) {
      problems.push(`console: ${line.text()} (${line.location().url})`);
    }
  });
  page.on("request", (request) => {
    const { protocol, origin: target } = new URL(request.url());
    if (protocol.startsWith("http") && target !== origin) problems.push(`request to another host: ${request.url()}`);
  });
  return problems;
}

interface AxeResults {
  violations: { id: string; impact: string | null; nodes: { target: unknown; failureSummary?: string }[] }[];
}

/** Waits until the page has loaded what it needs. */
export const loaded = (page: Page) => page.waitForLoadState("networkidle");

/**
 * Lists what axe-core finds serious or critical, and whether the page scrolls sideways. `rules` limits axe-core to these
 * rules.
 */
export async function faultsOf(page: Page, rules?: string[]): Promise<string[]> {
  const sideways = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
  await page.evaluate(`window.axe || (() => { ${axe.source} })()`);
  const options = { resultTypes: ["violations"], ...(rules ? { runOnly: rules } : {}) };
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
  return [
    ...(sideways > 0 ? [`the page is ${sideways} pixels wider than the window`] : []),
    ...violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) =>
        nodes.map(
          ({ target, failureSummary = "" }) => `${id}: ${String(target)}: ${failureSummary.split("\n").at(-1)?.trim()}`,
        ),
      ),
  ];
}
