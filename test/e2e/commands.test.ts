// uses: slim-chat
// The commands `token`, `dev` and `bundle`, as programs.

import { execFile } from "node:child_process";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createUser, startWeir } from "../support/weir.ts";

const weir = await startWeir();
afterAll(weir.close);
afterEach(weir.report);

interface Ran {
  code: number;
  output: string;
  errors: string;
}

/** Runs a program to its end. */
function execute(program: string, words: string[]) {
  return new Promise<Ran>((done) => {
    execFile(program, words, (error, output, errors) => done({ code: error ? Number(error.code) : 0, output, errors }));
  });
}

/** Runs a command with these arguments. */
const run = (command: string, ...words: string[]) => execute(process.execPath, [`dev/${command}.ts`, ...words]);

/** The output tokens granted to a chat with this token. */
async function grantedTo(token: string): Promise<string | null> {
  const response = await createUser(weir.url, token.trim()).post("/chat", { input: "Hi" });
  await response.text();
  return response.headers.get("weir-max-output-tokens");
}

describe("npm run token", () => {
  it("prints a valid token with its plan, and nothing else", async () => {
    const { output, errors } = await execute("npm", ["run", "-s", "token", "--", "alice", "--plan", "pro"]);
    expect(output).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(errors).toBe("");
    expect(await grantedTo(output)).toBe("16000");
  });

  it("without arguments prints a token without a plan", async () => {
    expect(await grantedTo((await run("token")).output)).toBe("2000");
  });

  it("warns about a plan that the bundled catalog does not have, and claims it", async () => {
    const { code, output, errors } = await run("token", "alice", "--plan", "nosuch");
    expect(code).toBe(0);
    const [, claims = ""] = output.split(".");
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({ plan: "nosuch" });
    expect(errors).toMatch(/^The bundled catalog .*has no plan 'nosuch'.*\n$/);
  });
});

describe.each([
  ["token", "Usage: npm run -s token -- [SUBJECT] [--plan PLAN] [--expires 24h]\n", [["--plna", "pro"]]],
  ["dev", "Usage: npm run dev -- [--port 8787] [--ip 127.0.0.1]\n", [["--prot=8790"], ["--port", "65536"]]],
])("npm run %s", (command, usage, misunderstood) => {
  it("prints its usage with --help", async () => {
    expect(await run(command, "--help")).toEqual({ code: 0, output: usage, errors: "" });
  });

  it.each(misunderstood.map((words) => [words]))("prints its usage as an error for the arguments %j", async (words) => {
    expect(await run(command, ...words)).toEqual({ code: 1, output: "", errors: usage });
  });
});

it("npm run bundle fails above the limit, and says what to do", async () => {
  const { code, output, errors } = await run("bundle-size", "--limit", "1");
  expect(code).toBe(1);
  expect(output).toMatch(/\nbundle: [\d.]+ KiB gzipped of 1\n$/);
  expect(errors).toBe("The bundle is larger than 1 KiB. Remove a feature or a dependency: npm run features\n");
});
