// uses: slim-chat
// The commands `token`, `dev` and `bundle`, as programs.

import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
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

/** Runs a program to its end, however it ends. */
function execute(program: string, words: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  return new Promise<Ran>((done) => {
    execFile(program, words, options, (error, output, errors) =>
      done({ code: error ? Number(error.code) : 0, output, errors }),
    );
  });
}

/** Runs the program of a command with these words. */
const run = (command: string, ...words: string[]) => execute(process.execPath, [`dev/${command}.ts`, ...words]);

/** The output tokens that a chat with that token is granted. */
async function grantedTo(token: string): Promise<string | null> {
  const response = await createUser(weir.url, token.trim()).post("/chat", { input: "Hi" });
  await response.text();
  return response.headers.get("weir-max-output-tokens");
}

describe("npm run token", () => {
  it("prints a token that works, with its plan, and nothing else", async () => {
    const { output, errors } = await execute("npm", ["run", "-s", "token", "--", "alice", "--plan", "pro"]);
    expect(output).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(errors).toBe("");
    expect(await grantedTo(output)).toBe("16000");
  });

  it("needs no words, and then claims no plan", async () => {
    expect(await grantedTo((await run("token")).output)).toBe("2000");
  });

  it("warns of a plan that the bundled catalog has not, and claims it", async () => {
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
  it("tells its usage", async () => {
    expect(await run(command, "--help")).toEqual({ code: 0, output: usage, errors: "" });
  });

  it.each(misunderstood.map((words) => [words]))(
    "tells its usage in one line when it does not understand %j",
    async (words) => {
      expect(await run(command, ...words)).toEqual({ code: 1, output: "", errors: usage });
    },
  );
});

describe("npm run bundle", () => {
  const folder = mkdtempSync(join(tmpdir(), "weir-bundle-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What it says of a bundle of so many KiB that cannot be made smaller. */
  function measure(sizeKib: number): Promise<Ran> {
    const write = `import { mkdirSync, writeFileSync } from "node:fs";
      import { randomBytes } from "node:crypto";
      mkdirSync(".wrangler/bundle", { recursive: true });
      writeFileSync(".wrangler/bundle/index.js", randomBytes(${sizeKib * 1024}));`;
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, "wrangler"), `#!/usr/bin/env node\n${write}`);
    chmodSync(join(folder, "wrangler"), 0o755);
    const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
    return execute(process.execPath, [resolve("dev/bundle-size.ts")], { cwd: folder, env });
  }

  it("fails over the budget, and says what to do", async () => {
    expect(await measure(50)).toMatchObject({ code: 0, errors: "" });
    const { code, output, errors } = await measure(70);
    expect(code).toBe(1);
    expect(output).toBe("bundle: 70.0 KiB gzipped of 60\n");
    expect(errors).toBe("larger than the budget: remove something, or raise BUDGET_KIB in dev/bundle-size.ts\n");
  });
});
