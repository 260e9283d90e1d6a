// .dev.vars: the Worker and the commands read the values that wrangler reads in the file.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { unstable_getVarsForDev } from "wrangler";
import { afterAll, expect, test } from "vitest";
import { namesProvider, withVariables } from "../../../dev/config.ts";
import { parseVars } from "../../../dev/secrets.ts";

const folder = mkdtempSync(join(tmpdir(), "weir-vars-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The variables that wrangler gives to a Worker with this .dev.vars. */
function inWrangler(text: string): Record<string, unknown> {
  writeFileSync(join(folder, ".dev.vars"), text);
  const bindings = unstable_getVarsForDev(join(folder, "wrangler.toml"), undefined, {}, undefined, true);
  return Object.fromEntries(Object.entries(bindings).map(([name, { value }]) => [name, value]));
}

test.each([
  [`A='a-long"random-secret'`, 'a-long"random-secret'],
  [`A="it's"`, "it's"],
  ["A=`'\"`", `'"`],
  ["A=a\\b\\\\n", "a\\b\\\\n"],
  ['A="two\\nlines"', "two\nlines"],
  ["A='two\nlines'", "two\nlines"],
  ["A='a # b'  # a comment", "a # b"],
  ["export A=$B ${C} d", "$B ${C} d"],
  [`A={"a":"b \\"c\\""}`, `{"a":"b \\"c\\""}`],
  ["A= ", ""],
])("%j is the same for wrangler and for the commands", (line, value) => {
  const text = `${line}\nB=after\n`;
  expect(parseVars(text)).toEqual({ A: value, B: "after" });
  expect(inWrangler(text)).toEqual({ A: value, B: "after" });
});

test.each([
  [{}, false],
  [{ OPENAI_API_KEY: "" }, false],
  [{ AUTH_SECRET: "a secret" }, false],
  [{ OPENAI_API_KEY: "sk-1" }, true],
  [{ OLLAMA_BASE_URL: "http://127.0.0.1:11434/v1" }, true],
])("%j: the provider is real: %s", (vars, isReal) => {
  expect(namesProvider(vars as Record<string, string>)).toBe(isReal);
});

const pieces = fc.constantFrom("A", "B", "=", ": ", "'", '"', "`", "\\", "\n", "\r\n", "#", "$", "export ", "\\n", " ");
const texts = fc
  .array(fc.oneof(pieces, fc.string({ unit: "grapheme" })), { maxLength: 20 })
  .map((parts) => `${parts.join("")}\n`);

test("every file keeps its values when variables are added, and is read as wrangler reads it", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const vars = inWrangler(text);
      expect(parseVars(text)).toEqual(vars);
      const changes = { OPENAI_API_KEY: "emulated-key", OPENAI_BASE_URL: "" };
      expect(inWrangler(withVariables(text, changes))).toEqual({ ...vars, ...changes });
    }),
    { numRuns: 200 },
  );
});
