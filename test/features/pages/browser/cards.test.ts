// The model card of o4-mini has every fact of the provider's page, and the comparison its table.

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { faultsOf, startBrowser } from "./support/browser.ts";

const { open } = await startBrowser();

/** The text of a page's section, on one line. */
const sectionOf = async (page: Page, name: string) =>
  (await page.getByRole("region", { name, exact: true }).innerText()).replaceAll(/\s+/g, " ");

const OPERATIONS: [string, string, boolean][] = [
  ["Chat Completions", "v1/chat/completions", true],
  ["Responses", "v1/responses", true],
  ["Realtime", "v1/realtime", false],
  ["Assistants", "v1/assistants", false],
  ["Batch", "v1/batches", true],
  ["Fine-tuning", "v1/fine_tuning/jobs", true],
  ["Embeddings", "v1/embeddings", false],
  ["Image generation", "v1/images/generations", false],
  ["Videos", "v1/videos", false],
  ["Image edit", "v1/images/edits", false],
  ["Speech generation", "v1/audio/speech", false],
  ["Transcription", "v1/audio/transcriptions", false],
  ["Translation", "v1/audio/translations", false],
  ["Moderation", "v1/moderations", false],
  ["Completions (legacy)", "v1/completions", false],
];

it("o4-mini has the head, the ratings, the sizes and the links of the provider's page", async () => {
  const page = await open("/models/o4-mini");
  await page.getByRole("heading", { level: 1, name: "o4-mini" }).waitFor();
  const text = (await page.locator("main").innerText()).replaceAll(/\s+/g, " ");
  for (const fact of [
    "Default",
    "Fast, cost-efficient reasoning model, succeeded by GPT-5 mini",
    "$1.1 · $4.4",
    "exceptionally efficient performance in coding and visual tasks",
    "200,000 context window",
    "100,000 max output tokens",
    "knowledge cutoff",
    "Reasoning token support",
  ]) {
    expect(text).toContain(fact);
  }
  expect(text).toMatch(/1 Jun 2024|Jun 0?1, 2024/);
  const rating = (name: string) => page.locator("dl.ratings > div", { hasText: name }).getByRole("img");
  expect(await rating("Reasoning").getAttribute("aria-label")).toBe("4 of 5");
  expect(await rating("Speed").getAttribute("aria-label")).toBe("3 of 5");
  expect(await page.getByRole("link", { name: "Try in Playground" }).getAttribute("href")).toBe("/?model=o4-mini");
  await page.getByRole("link", { name: "Compare", exact: true }).nth(1).click();
  await page.getByRole("columnheader", { name: "o3-mini" }).waitFor();
});

it("o4-mini has the prices, with batch rates and the quick comparison", async () => {
  const page = await open("/models/o4-mini");
  await page.getByRole("region", { name: "Pricing", exact: true }).waitFor();
  const pricing = () => sectionOf(page, "Pricing");
  expect(await pricing()).toMatch(/Text tokens Per 1M tokens.*Input \$1\.10 Cached input \$0\.275 Output \$4\.40/);
  expect(await pricing()).toMatch(/Quick comparison.*o3 \$2\.00.*o4-mini \$1\.10/);
  expect(await pricing()).toContain("o3-mini $1.10");
  await page.getByLabel("Batch API price").check();
  expect(await pricing()).toMatch(/Input \$0\.55 Cached input \$0\.1375 Output \$2\.20/);
});

it("o4-mini has the modalities, endpoints, features and snapshots, supported or not", async () => {
  const page = await open("/models/o4-mini");
  await page.getByRole("region", { name: "Snapshots", exact: true }).waitFor();
  const modalities = await sectionOf(page, "Modalities");
  expect(modalities).toContain("Text Input and output Image Input only Audio Not supported Video Not supported");
  const rows = page.getByRole("region", { name: "Endpoints", exact: true }).getByRole("listitem");
  const endpoints = (await rows.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, " "));
  for (const [index, [title, route, supported]] of OPERATIONS.entries()) {
    expect(endpoints[index]).toContain(`${title} ${route}`);
    expect([title, !endpoints[index]?.includes("Not supported")]).toEqual([title, supported]);
  }
  const features = await sectionOf(page, "Features");
  for (const feature of ["Streaming", "Function calling", "Structured outputs", "Fine-tuning"]) {
    expect(features).toContain(`${feature} Supported`);
  }
  for (const feature of ["Distillation", "Predicted outputs"]) expect(features).toContain(`${feature} Not supported`);
  expect(await sectionOf(page, "Snapshots")).toContain("o4-mini-2025-04-16");
});

it("compares models in a table, and adds and removes them", async () => {
  const page = await open("/compare?models=o3,o3-mini");
  const table = page.getByRole("table");
  await table.waitFor();
  const row = async (name: string) =>
    (
      await table
        .getByRole("row", { name: new RegExp(`^${name}`) })
        .first()
        .innerText()
    ).replaceAll(/\s+/g, " ");
  expect(await row("Context window")).toMatch(/200,000.*200,000/);
  expect(await row("Input")).toMatch(/\$2\.00.*\$1\.10/);
  await page.getByLabel("Add a model").selectOption({ label: "o4-mini" });
  await table.getByRole("columnheader", { name: "o4-mini" }).waitFor();
  expect(new URL(page.url()).searchParams.get("models")).toBe("o3,o3-mini,o4-mini");
  await page.getByRole("button", { name: "Remove o3", exact: true }).click();
  await table.getByRole("columnheader", { name: "o3", exact: true }).waitFor({ state: "detached" });
  expect(await faultsOf(page)).toEqual([]);
});

it("finds models by a word", async () => {
  const page = await open("/models");
  await page.getByLabel("Search").fill("o4-mini");
  await page.getByRole("link", { name: "o4-mini" }).first().click();
  await page.getByRole("heading", { level: 1, name: "o4-mini" }).waitFor();
});
