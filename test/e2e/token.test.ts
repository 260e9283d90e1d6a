import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, expect, it } from "vitest";
import { createUser, startWeir } from "../support/weir.ts";

const weir = await startWeir();
afterAll(weir.close);
afterEach(weir.report);

/** What `npm run -s token` prints with these arguments. */
async function printToken(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("npm", ["run", "-s", "token", "--", ...words]);
  return stdout;
}

it("npm run token prints a token that works, with its plan, and nothing else", async () => {
  const printed = await printToken("alice", "--plan", "pro");
  expect(printed).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect(await createUser(weir.url, printed.trim()).usage()).toMatchObject({ plan: "pro", max_output_tokens: 16_000 });
});

it("npm run token needs no words, and then claims no plan", async () => {
  const user = createUser(weir.url, (await printToken()).trim());
  expect(await user.usage()).toMatchObject({ plan: "roomy" });
});
