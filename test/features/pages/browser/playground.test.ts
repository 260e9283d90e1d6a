// uses: slim-chat, usage, moderation
// The playground: a streamed answer with its cost, stop and retry, and every refusal in words.

import { expect, it } from "vitest";
import { createToken } from "../../../../dev/token.ts";
import { emulate } from "../../../support/emulation.ts";
import { faultsOf, startBrowser } from "./support/browser.ts";
import { answers, ask, ended } from "./support/chat.ts";

const { open, createUser, emulation } = await startBrowser();

it("streams an answer, shows its cost, and moves the quota", async () => {
  const { token, settled } = await createUser();
  const page = await open("/", { token });
  const quota = page.getByRole("meter", { name: /^Tokens per month/ });
  await quota.waitFor();
  await ask(page, emulate({ delay_ms: 30, text: "A weir measures what it lets pass." }));
  await answers(page).getByText("A weir").waitFor();
  expect(await ended(page)).toMatch(/A weir measures what it lets pass\.[^]*Cost\s+\$0\.0/);
  const { tokens } = await settled();
  await page.getByText(`${tokens.toLocaleString("en-GB")} tokens used of 10,000,000 tokens`).waitFor();
  expect(await faultsOf(page)).toEqual([]);
});

it("shows the markup of a model as text", async () => {
  const { token } = await createUser();
  const page = await open("/", { token });
  await ask(page, emulate({ text: "<img src=x onerror=alert(1)><b>bold</b>" }));
  expect(await ended(page)).toContain("<img src=x onerror=alert(1)><b>bold</b>");
  expect(await answers(page).locator("img, b").count()).toBe(0);
});

it("stops an answer at the provider too, and asks again", async () => {
  const { token } = await createUser();
  const page = await open("/", { token });
  await ask(page, emulate({ tokens: 1000, delay_ms: 40 }));
  for (const count of [1, 1]) {
    await answers(page).locator(".said:visible").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    expect(await ended(page)).toContain("Stopped");
    expect((await emulation.idle()).active).toBe(0);
    expect(await answers(page).count()).toBe(count);
    await page.getByRole("button", { name: "Retry" }).click();
  }
  await page.getByRole("button", { name: "Stop" }).click();
  expect(await ended(page)).toContain("Stopped");
});

it("says that the quota is used up, and until when", async () => {
  const { token } = await createUser("once");
  const page = await open("/", { token, statuses: [429] });
  await ask(page, "Hi");
  await ended(page);
  await ask(page, "And now?");
  expect(await ended(page)).toMatch(/Your quota is used up[^]*requests[^]* at .*\d\d:\d\d/);
  expect(await faultsOf(page)).toEqual([]);
});

it("asks for a new token when the old one has expired, and goes on with it", async () => {
  const page = await open("/", { token: await createToken("alice", undefined, "1 hour ago"), statuses: [401] });
  await page.getByText("Your token is missing, expired or not valid").first().waitFor();
  expect(await faultsOf(page)).toEqual([]);
  await page.getByRole("button", { name: "Enter a token" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Token").fill((await createUser()).token);
  expect(await faultsOf(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Use this token" }).click();
  await page.getByRole("meter").first().waitFor();
  await ask(page, "Hi");
  expect(await ended(page)).toMatch(/about Hi/);
});

it("says that moderation has blocked a message, and gives it back", async () => {
  const { token } = await createUser();
  const page = await open("/?model=guarded", { token, statuses: [400, 403] });
  await page.getByRole("meter").first().waitFor();
  await ask(page, "emulate-violence");
  expect(await ended(page)).toContain("This content is not allowed here");
  expect(await faultsOf(page)).toEqual([]);
  await page.getByRole("button", { name: "Edit the message" }).click();
  expect(await page.getByLabel("Your message").inputValue()).toBe("emulate-violence");
});

it("sends a picture from a file, and one that was dropped", async () => {
  const { token } = await createUser();
  const page = await open("/?model=o4-mini", { token });
  await page.getByRole("button", { name: "Add a picture" }).waitFor();
  const picture = await page.screenshot({ clip: { x: 0, y: 0, width: 40, height: 30 } });
  const file = { name: "river.png", mimeType: "image/png", buffer: picture };
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByAltText("Picture 1").waitFor();
  const transfer = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob("${picture.toString("base64")}"), (each) => each.charCodeAt(0));
    transfer.items.add(new File([bytes], "weir.png", { type: "image/png" }));
    return transfer;
  })()`);
  await page.getByLabel("Your message").dispatchEvent("drop", { dataTransfer: transfer });
  await page.getByAltText("Picture 2").waitFor();
  expect(await faultsOf(page)).toEqual([]);
  await ask(page, "What is this?");
  await ended(page);
  const sent = JSON.stringify((await emulation.stats()).last?.body);
  expect(sent.split(picture.toString("base64")).length - 1).toBe(2);
});

it("shows a tool call, and continues with the result", async () => {
  const { token } = await createUser();
  const page = await open("/?model=o4-mini", { token });
  await page.getByLabel("Offer a sample tool").check();
  await ask(page, "How high is the Isar?");
  expect(await ended(page)).toContain("measure_river");
  await page.getByLabel("Result of the tool").fill('{"level_cm":142}');
  await page.getByRole("button", { name: "Send result" }).click();
  await answers(page).nth(1).waitFor();
  await ended(page);
  expect(await faultsOf(page)).toEqual([]);
});
