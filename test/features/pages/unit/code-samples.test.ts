// The code samples of the playground: every text stays one literal, and means the same text when it runs.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripTypeScriptTypes } from "node:module";
import { runInNewContext } from "node:vm";
import { assert, property, string } from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { codeOf, LANGUAGES } from "../../../../src/features/pages/public/lib/code-samples.js";

const ORIGIN = "https://weir.example";

const HOSTILE = [
  'It\'s "quoted" and `ticked`',
  "costs $5, $HOME, ${HOME}, $(id) and \\(name) and \\$x",
  "two\nlines\r\nand\ttabs\\n",
  "JSON\nJSON\n",
  "é 漢字 🌊👩‍👩‍👧",
  "\u0000\u0007\u007f\u0085\u2028\u2029\u202e\ufeff",
  "*/ // <!-- </script> # %s !! !x",
  "",
];

const folder = mkdtempSync(join(tmpdir(), "weir-samples-"));
afterAll(() => rmSync(folder, { recursive: true }));

const toBody = (text: string) => ({
  model: "default",
  instructions: text,
  tools: [{ name: "measure_river", description: text, parameters: { type: "object", properties: {} } }],
  input: [{ role: "user", content: text }],
});

/** Runs the command with a `curl` that prints its last arguments and its body. */
function runCurl(code: string) {
  const fake = 'curl() { printf "%s\\n" "$@" > args; cat; }\n';
  return execFileSync("bash", ["-c", fake + code], { cwd: folder, env: { ...process.env, TOKEN: "a b" } }).toString();
}

/** Runs the sample with a `fetch` that takes the request. */
async function runTypeScript(code: string) {
  let sent: unknown;
  const events = 'data:"Hi"\n\n:\n\nevent:done\ndata:{"finish":"stop","usage":{"usd":1},"left":{}}\n\n';
  const printed: string[] = [];
  const fetch = async (_: string, { body }: { body: string }) => {
    sent = JSON.parse(body);
    return new Response(events);
  };
  const program = stripTypeScriptTypes(code.replaceAll(/^import .*\n|^export (?=class|async)/gm, ""));
  await runInNewContext(`(async () => { ${program} })()`, {
    fetch,
    TextDecoderStream,
    Error,
    readFile: async () => Buffer.from("weir"),
    console: { log: (line: string) => printed.push(line), error: (line: string) => printed.push(line) },
    process: { env: { TOKEN: "token" }, stdout: { write: (text: string) => printed.push(text) } },
  });
  return { sent, printed };
}

describe("curl", () => {
  it.each(HOSTILE)("sends %j unchanged", (text) => {
    const body = toBody(text);
    expect(JSON.parse(runCurl(codeOf("curl", { origin: ORIGIN, body })))).toEqual(body);
  });

  it.each(HOSTILE)("sends %j unchanged beside a picture that it reads from a file", (text) => {
    writeFileSync(join(folder, "photo.jpg"), Buffer.alloc(300_000, "weir"));
    const image = { type: "image", url: "data:image/png;base64,AAAA" };
    const body = { model: text, input: [{ role: "user", content: [{ type: "text", text }, image] }] };
    const sent = JSON.parse(runCurl(codeOf("curl", { origin: ORIGIN, body }))) as typeof body;
    const url = `data:image/jpeg;base64,${Buffer.alloc(300_000, "weir").toString("base64")}`;
    expect(sent).toEqual({
      model: text,
      input: [
        {
          role: "user",
          content: [
            { type: "text", text },
            { ...image, url },
          ],
        },
      ],
    });
  });

  it("sends the token as one header", () => {
    expect(runCurl(`${codeOf("curl", { origin: ORIGIN, body: { input: "Hi" } })}cat args`)).toContain(
      "authorization: Bearer a b\n",
    );
  });
});

describe("TypeScript", () => {
  it.each(HOSTILE)("sends %j unchanged", async (text) => {
    const { sent } = await runTypeScript(codeOf("typescript", { origin: ORIGIN, body: toBody(text) }));
    expect(sent).toEqual(toBody(text));
  });

  it("prints the answer and reads pictures from files", async () => {
    const image = { type: "image", url: "data:image/png;base64,AAAA" };
    const body = { input: [{ role: "user", content: [image, image] }] };
    const { sent, printed } = await runTypeScript(codeOf("typescript", { origin: ORIGIN, body }));
    expect(printed).toEqual(["Hi", "\n[stop] $1"]);
    const url = "data:image/jpeg;base64,d2Vpcg==";
    expect(sent).toEqual({
      input: [
        {
          role: "user",
          content: [
            { type: "image", url },
            { type: "image", url },
          ],
        },
      ],
    });
  });
});

/** The literals of a language, as its lexer reads them. Throws at an interpolation or at an invalid escape. */
const LEXERS: Record<string, { mark: string; escapes: string; interpolation: RegExp; unicode: RegExp }> = {
  swift: { mark: '"', escapes: '"\\nrt', interpolation: /^\\\(/, unicode: /^\\u\{([\da-f]{1,8})\}/ },
  kotlin: { mark: '"', escapes: '"\\$nrt', interpolation: /^\$[{\w]/, unicode: /^\\u([\da-f]{4})/ },
  dart: { mark: "'", escapes: "'\\$nrt", interpolation: /^\$/, unicode: /^\\u\{([\da-f]{1,6})\}/ },
};

function readLiteral(code: string, at: number, language: string): string {
  const { mark = "", escapes = "", interpolation = /x/, unicode = /x/ } = LEXERS[language] ?? {};
  let text = "";
  let rest = code.slice(at + 1);
  while (!rest.startsWith(mark)) {
    const code = unicode.exec(rest);
    if (interpolation.test(rest)) throw new Error(`an interpolation: ${rest.slice(0, 20)}`);
    if (code) {
      text += String.fromCodePoint(Number.parseInt(code[1] ?? "", 16));
      rest = rest.slice(code[0].length);
    } else if (rest.startsWith("\\")) {
      const escaped = rest[1] ?? "";
      if (!escapes.includes(escaped)) throw new Error(`an unknown escape: ${rest.slice(0, 20)}`);
      text += { n: "\n", r: "\r", t: "\t" }[escaped] ?? escaped;
      rest = rest.slice(2);
    } else {
      if (rest === "" || rest.startsWith("\n")) throw new Error("the literal does not end");
      text += rest[0];
      rest = rest.slice(1);
    }
  }
  return text;
}

describe.each(Object.keys(LEXERS))("%s", (language) => {
  const label = language === "kotlin" ? '"model" to ' : language === "swift" ? '"model": ' : "'model': ";
  const literalOf = (model: string) => {
    const code = codeOf(language, { origin: ORIGIN, body: { model, input: "Hi" } });
    return readLiteral(code, code.indexOf(label) + label.length, language);
  };

  it.each(HOSTILE)("writes %j as one literal", (text) => {
    expect(literalOf(text)).toBe(text);
  });

  it("writes any text as one literal", () => {
    assert(property(string({ unit: "binary" }), (text) => literalOf(text) === text));
  });
});

describe("every language", () => {
  it.each(LANGUAGES.map(({ id }) => id))("shows no picture and no invisible character in %s", (language) => {
    const image = { type: "image", url: `data:image/png;base64,${"A".repeat(1000)}` };
    const text = "\u202e\u2028\u0000\ud800";
    const code = codeOf(language, {
      origin: ORIGIN,
      body: { input: [{ role: "user", content: [{ type: "text", text }, image] }] },
    });
    expect(code).not.toContain("AAAA");
    expect(code).not.toMatch(/(?!\n)\p{Cc}|[\u202e\u2028\ud800]/u);
  });

  it("keeps the order of the fields, and writes nested values with brackets of the language", () => {
    const codes = LANGUAGES.map(({ id }) => codeOf(id, { origin: ORIGIN, body: toBody("x") }));
    for (const code of codes) expect(code.indexOf("instructions")).toBeLessThan(code.indexOf("measure_river"));
    expect(codes[1]).toContain('["role": "user", "content": "x"] as [String: Any]');
    expect(codes[1]).toContain('"properties": [:] as [String: Any]');
    expect(codes[2]).toContain('"properties" to mapOf<String, Any>()');
    expect(codes[2]).toContain('mapOf("role" to "user", "content" to "x")');
  });
});
