// uses: slim-chat
// The commands `token`, `dev` and `bundle`, as programs.

import { execFile } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { createUser, useWeir } from "../support/weir.ts";

const weir = await useWeir();
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

const USAGES = {
  token: "Usage: npm run -s token -- [SUBJECT] [--plan PLAN] [--expires 24h]\n",
  dev: "Usage: npm run dev -- [--port 8787] [--ip 127.0.0.1]\n",
  "slim-chat/demo": "Usage: npm run demo -- [--cut | --batch] [QUESTION]\n",
  "../bench/relay": "Usage: npm run bench -- [--rounds 5] [--only NAME] [--json]\n",
};

it("a command prints its usage with --help", async () => {
  expect(await run("token", "--help")).toEqual({ code: 0, output: USAGES.token, errors: "" });
});

it.each<[keyof typeof USAGES, string[], string]>([
  ["token", ["--plna", "pro"], "Unknown option '--plna'."],
  ["token", ["--expires", "abc"], "--expires must be a duration such as 30s, 15m, 24h or 7d, not 'abc'."],
  ["token", ["alice", "bob"], "There is one SUBJECT, so 'bob' is too much."],
  ["dev", ["--port", "65536"], "--port must be a number from 1 to 65535, not '65536'."],
  ["slim-chat/demo", ["--question"], "Unknown option '--question'."],
  ["../bench/relay", ["--rounds", "many"], "--rounds must be a number from 1, not 'many'."],
])("%s %j is one line and no stack", async (command, words, fault) => {
  expect(await run(command, ...words)).toEqual({ code: 1, output: "", errors: `${fault} ${USAGES[command]}` });
});

it.each([
  [["nosuch"], "There is no command 'nosuch'."],
  [["remove"], "remove takes at least one NAME."],
  [["tables", "--chekc"], "Unknown option '--chekc'."],
])("features %j is one line and no stack", async (words, fault) => {
  const errors = `${fault} npm run features -- --help shows all commands.\n`;
  expect(await run("features", ...words)).toEqual({ code: 1, output: "", errors });
});

it("npm run bundle fails above the limit, and says what to do", async () => {
  const { code, output, errors } = await run("bundle-size", "--limit", "1");
  expect(code).toBe(1);
  expect(output).toMatch(/\nbundle: [\d.]+ KiB gzipped of 1\n$/);
  expect(errors).toBe("The bundle is larger than 1 KiB. Remove a feature or a dependency: npm run features\n");
});
