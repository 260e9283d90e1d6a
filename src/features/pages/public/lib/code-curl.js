// The request as a curl command for a shell. The body comes from a here-document, so it needs no quotes.

import { Variable, visibleJson, writeValue } from "./code-literals.js";

const JSON_SYNTAX = {
  string: (/** @type {string} */ text) => visibleJson(JSON.stringify(text.toWellFormed())),
  key: (/** @type {string} */ name) => `${JSON.stringify(name)}: `,
  object: /** @type {[string, string, string]} */ (["{", "}", "{}"]),
  array: /** @type {[string, string, string]} */ (["[", "]", "[]"]),
  hasSpaces: true,
  isTrailingComma: false,
};

/** In a here-document with variables, the shell reads these characters. */
const toShell = (/** @type {string} */ json) => json.replaceAll(/[\\$`]/g, String.raw`\$&`);

/** @param {import("./code-samples.js").Sample} sample */
export function curlSample({ url, body, images }) {
  const hasImages = images.length > 0;
  const syntax = hasImages
    ? { ...JSON_SYNTAX, string: (/** @type {string} */ text) => toShell(JSON_SYNTAX.string(text)) }
    : JSON_SYNTAX;
  const shellBody = replaceVariables(body, (name) => new Variable(`"$${name}"`));
  const files = images.map(({ name, file }) => `${name}="data:image/jpeg;base64,$(base64 < ${file} | tr -d '\\n')"\n`);
  return `${files.join("")}curl --no-buffer --fail-with-body '${url.replaceAll("'", "%27")}' \\
  -H "authorization: Bearer $TOKEN" \\
  -H 'content-type: application/json' \\
  --data-binary @- <<${hasImages ? "JSON" : "'JSON'"}
${writeValue(shellBody, syntax, { indent: "", step: "  " })}
JSON
`;
}

/**
 * @param {unknown} value
 * @param {(name: string) => Variable} replace
 * @returns {unknown}
 */
function replaceVariables(value, replace) {
  if (value instanceof Variable) return replace(value.name);
  if (Array.isArray(value)) return value.map((item) => replaceVariables(item, replace));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaceVariables(item, replace)]));
}
