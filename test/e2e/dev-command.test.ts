// `npm run dev`: it follows every way of saving its configuration, and ends with everything that it started.

import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SignJWT } from "jose";
import { afterAll, afterEach, expect, it } from "vitest";
import { createScratchCopy } from "../../dev/scratch-copy.ts";
import type { DevCommand } from "../support/dev-command.ts";
import { startDev } from "../support/dev-command.ts";
import { repeatUntil } from "../support/repeat.ts";

const SECRET = 'a-long"random-secret-0123456789abcdef\\$';
const READY = "Weir is ready";
const KEPT = "Weir goes on with its last configuration.";

const copy = createScratchCopy();
const toml = join(copy.folder, "wrangler.toml");
const original = readFileSync(toml, "utf8");
const vars = join(copy.folder, ".dev.vars");
writeFileSync(vars, `AUTH_SECRET='${SECRET}'\n`);
const started: DevCommand[] = [];
afterAll(() => {
  for (const dev of started) dev.clear();
  copy.delete();
});

afterEach(({ task }) => {
  if (task.result?.state === "fail") console.log(started.at(-1)?.output());
});

async function start(program: string, ...words: string[]): Promise<DevCommand> {
  const dev = await startDev(copy.folder, program, ...words);
  started.push(dev);
  return dev;
}

/** wrangler.toml with a trusted issuer of that name. */
const trusting = (issuer: string) =>
  original.replace("[vars]", `[[vars.AUTH_ISSUERS]]\nissuer = "${issuer}"\naudience = "weir"\n\n[vars]`);

/** Sends a request with a token. A valid one finds no route (404). Any other is refused (401). */
const send = async (url: string, token: string) =>
  (await fetch(`${url}/nothing`, { headers: { authorization: `Bearer ${token.trim()}` } })).status;

const sign = (issuer: string, secret = SECRET) =>
  new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(issuer)
    .setAudience("weir")
    .setSubject("alice")
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(secret));

/** Resolves when nothing listens at the address. */
const isFree = (url: string) =>
  repeatUntil(
    () =>
      fetch(url).then(
        () => false,
        () => true,
      ),
    (free) => free,
  );

const replaceFile = (file: string, text: string) => {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
};

it("follows every save of its configuration, names what is missing, keeps the last good one, and frees its port", async () => {
  const dev = await start("npm", "run", "dev", "--");
  await dev.printed(READY);
  // A value with quotes and a backslash is the same secret for the Worker and for `npm run token`.
  const token = execFileSync("npm", ["run", "-s", "token", "--", "alice"], { cwd: copy.folder, encoding: "utf8" });
  expect([await send(dev.url, token), await send(dev.url, await sign("weir"))]).toEqual([404, 404]);

  // Each save has an issuer of its own, and what the command prints when Weir runs with it.
  const saves: [string, string, () => Promise<void> | void][] = [
    [
      "renamed",
      "Weir is not ready. This deployment is not configured. providers.openai: PROVIDER_HOSTS is not set",
      () => replaceFile(toml, trusting("renamed").replace("PROVIDER_HOSTS =", "PROVIDERS_HOST =")),
    ],
    [
      "in place",
      READY,
      async () => {
        writeFileSync(toml, "");
        await dev.printed(KEPT);
        writeFileSync(toml, trusting("in place"));
      },
    ],
  ];
  for (const [issuer, said, save] of saves) {
    expect(await send(dev.url, await sign(issuer))).toBe(401);
    const before = dev.output().split(said).length - 1;
    await save();
    await dev.printed(said, before + 1);
    expect([issuer, await send(dev.url, await sign(issuer))]).toEqual([issuer, 404]);
  }

  writeFileSync(toml, `${trusting("invalid")}[[[oops\n`);
  await dev.printed(`wrangler.toml:${trusting("invalid").split("\n").length}: Invalid TOML document`);
  await dev.printed(KEPT, 2);
  writeFileSync(vars, "");
  await dev.printed(".dev.vars has no AUTH_SECRET, QUOTA_PEPPER, ADMIN_TOKEN.");
  expect(readFileSync(vars, "utf8")).toBe("");
  expect([await send(dev.url, await sign("in place")), await send(dev.url, await sign("invalid"))]).toEqual([404, 401]);

  await dev.kill("SIGTERM");
  expect(await isFree(dev.url)).toBe(true);
}, 150_000);

it("starts when its source is repaired, and leaves no process and no port behind when it is killed", async () => {
  writeFileSync(toml, original);
  const app = join(copy.folder, "src/app.ts");
  const source = readFileSync(app, "utf8");
  writeFileSync(app, `${source}syntax error (`);
  const dev = await start(process.execPath, "dev/dev.ts");
  await dev.printed("Build failed");
  replaceFile(app, source);
  await dev.printed(READY);
  await dev.kill("SIGKILL");
  expect(await isFree(dev.url)).toBe(true);
}, 120_000);

it("does not start with invalid TOML, and says where it is", () => {
  writeFileSync(toml, `${original}[[[oops\n`);
  let errors = "";
  try {
    execFileSync(process.execPath, ["dev/dev.ts"], { cwd: copy.folder, stdio: "pipe" });
  } catch (error) {
    errors = String((error as { stderr: Buffer }).stderr);
  }
  expect(errors).toMatch(/^wrangler\.toml:\d+: Invalid TOML document: .*\n$/);
});
