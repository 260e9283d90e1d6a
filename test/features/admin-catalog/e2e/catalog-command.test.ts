// uses: slim-chat
// `npm run catalog` against a running Weir.

import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createClient } from "../../../../dev/admin-catalog/client.ts";
import type { Notices, Publication } from "../../../../dev/admin-catalog/client.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createCommand } from "../support/command.ts";
import { startWeir } from "../../../support/weir.ts";

const weir = await startWeir();
const { run, runProgram, ask, write, remove } = createCommand(weir.url);
afterAll(async () => {
  remove();
  await weir.close();
});
afterEach(weir.report);

// What a test does not check goes through the client, which is shorter.
const client = createClient(weir.url);
const list = () => client<Publication>("GET");
/** The tests' catalog, different for each edition. */
const catalogOf = (edition: number) => ({ ...createCatalog(), min_output_tokens: edition });
const fileOf = (edition: number) => write(`${edition}.json`, catalogOf(edition));
/** Publishes an edition. */
const push = (edition: number, activate = true) =>
  client<Publication>("PUT", `?author=ann&activate=${activate}`, catalogOf(edition));

/** The revision of a new user's chat. */
async function chatRevision(): Promise<string | null> {
  const response = await (await weir.createUser()).post("/chat", { input: "Hi" });
  expect(response.status).toBe(200);
  await response.text();
  return response.headers.get("weir-revision");
}

describe("npm run catalog", () => {
  it("check reports the faults of a file with their paths, and publishes nothing", async () => {
    const before = await list();
    expect(await run("check", fileOf(1))).toMatchObject({ code: 0, errors: "" });
    const faulty = write("faulty.json", { ...createCatalog(), default_plan: "gone", aliases: {} });
    const { code, errors } = await run("check", faulty);
    expect(code).toBe(1);
    expect(errors).toContain("aliases.default: ");
    expect(errors).toContain("default_plan: no plan 'gone'");
    expect(await list()).toEqual(before);
  });

  it("push activates a file, and rollback undoes it", async () => {
    const { active: before } = await list();
    const { revision, active } = await ask<Publication>("push", fileOf(2), "--note", "a test", "--author", "ann");
    expect(active).toBe(revision);
    expect(await chatRevision()).toBe(revision);
    const { history } = await list();
    expect(history[0]).toMatchObject({ kind: "activate", revision, note: "a test", author: "ann" });
    expect(await ask("rollback")).toMatchObject({ active: before, previous: revision });
    expect(await chatRevision()).toBe(before);
  });

  it("push --inactive stores a file, and activate activates it", async () => {
    const { revision, active } = await ask<Publication>("push", fileOf(3), "--inactive");
    expect(active).not.toBe(revision);
    expect(await chatRevision()).toBe(active);
    expect(await ask("show", String(revision))).toEqual({ ...createCatalog(), min_output_tokens: 3 });
    expect(await ask("activate", String(revision))).toMatchObject({ active: revision });
    expect(await chatRevision()).toBe(revision);
  });

  it("diff shows the changes of a revision", async () => {
    const older = await push(4);
    const newer = await push(5);
    expect(await ask("diff", String(older.revision), "active")).toEqual([
      { path: "min_output_tokens", before: 4, after: 5 },
    ]);
    const { output } = await run("diff", "previous", String(newer.revision));
    expect(output).toBe("min_output_tokens: 4 → 5\n");
    expect((await run("diff", "active", "active")).output).toBe("no difference\n");
  });

  it("list shows the active revision, the canary and the history", async () => {
    const { active } = await ask<Publication>("push", fileOf(6), "--note", "for people");
    const { revision } = await push(7, false);
    await run("canary", String(revision), "2.5");
    const { output } = await run("list");
    expect(output).toContain(`active    ${active}`);
    expect(output).toContain(`canary    ${revision} for 2.5 % of the users`);
    expect(output).toMatch(new RegExp(`activate +${active} .*for people`));
    expect(await ask("canary", String(revision), "0")).toMatchObject({ canary: null });
  });

  it("--expected changes nothing when another revision is active", async () => {
    const { active } = await push(8);
    const { code, output, errors } = await run("push", fileOf(9), "--expected", "bundled");
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toContain(`The active revision is '${active}'`);
    expect(await list()).toMatchObject({ active });
    expect(await ask("push", fileOf(9), "--expected", active)).toMatchObject({ previous: active });
  });

  it("notices --refresh runs the check, and notices shows its result", async () => {
    const found = await ask<Notices>("notices", "--refresh");
    expect(found.checked_at).not.toBeNull();
    expect((await run("notices")).output).toContain(`looked at ${found.checked_at}`);
  });

  it.each([[[]], [["list", "--help"]]])("%j shows every command", async (words) => {
    const { code, output } = await run(...words);
    expect(code).toBe(0);
    for (const command of ["check", "push", "rollback", "notices"]) expect(output).toContain(command);
  });

  it("as a program, it manages the Weir at WEIR_URL, or at --url", async () => {
    const { code, output, errors } = await runProgram("list");
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toContain(`active    ${(await list()).active}`);
    // No request is ever sent to port 1.
    expect(await runProgram("list", "--url", "http://127.0.0.1:1")).toEqual({
      code: 1,
      output: "",
      errors:
        "Nothing answers at http://127.0.0.1:1. Is `npm run dev` running? For another port: --url http://127.0.0.1:8790\n",
    });
  });

  it.each([
    ["an address without a host", ["list", "--url", "https://"], 1, "'https://' is not a valid URL."],
    ["an unknown option", ["list", "--jsno"], 2, "Unknown option '--jsno'. npm run catalog -- --help"],
    ["a missing file", ["push", "/nowhere/catalog.json"], 1, "/nowhere/catalog.json"],
    ["a share that is not a number", ["canary", "bundled", "many"], 2, "PERCENT"],
    ["a share above 100", ["canary", "bundled", "101"], 1, "percent"],
    ["an unknown command", ["publish"], 2, "--help shows all commands"],
    ["too few words", ["diff", "active"], 2, "REV REV"],
  ])("fails with a message for %s", async (_, words, status, said) => {
    const { code, output, errors } = await run(...words);
    expect({ code, output }).toEqual({ code: status, output: "" });
    expect(errors).toContain(said);
  });
});
