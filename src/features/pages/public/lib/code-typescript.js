// The request in TypeScript with fetch: for a browser, Node.js, and React Native with expo/fetch.

import { quote, writeValue } from "./code-literals.js";

const string = (/** @type {string} */ text) => quote(text, { mark: '"', special: '"\\', hasBraces: false });

const SYNTAX = {
  string,
  key: (/** @type {string} */ name) => `${/^[a-z_$][\w$]*$/i.test(name) ? name : string(name)}: `,
  object: /** @type {[string, string, string]} */ (["{", "}", "{}"]),
  array: /** @type {[string, string, string]} */ (["[", "]", "[]"]),
  hasSpaces: true,
  isTrailingComma: true,
};

/** @param {import("./code-samples.js").Sample} sample */
export function typescriptSample({ url, body, images }) {
  const fileImport = images.length > 0 ? 'import { readFile } from "node:fs/promises";\n\n' : "";
  const files = images.map(
    ({ name, file }) =>
      `  const ${name} = "data:image/jpeg;base64," + (await readFile(${string(file)})).toString("base64");\n`,
  );
  return `${fileImport}export type ChatEvent =
  | { name: "text" | "thinking"; data: string }
  | { name: "tool"; data: { id: string; name: string; arguments: string } }
  | { name: "done"; data: { finish: string; usage: Record<string, number>; left: Record<string, number> } };

/** A refusal, or an answer that failed. The code says why, for example "insufficient_quota". */
export class ChatError extends Error {
  code: string;

  constructor({ code, message }: { code: string; message: string }) {
    super(message);
    this.code = code;
  }
}

export async function* chat(token: string, signal?: AbortSignal): AsyncGenerator<ChatEvent> {
${files.join("")}  const response = await fetch(${string(url)}, {
    method: "POST",
    headers: { authorization: \`Bearer \${token}\`, "content-type": "application/json" },
    signal: signal ?? null,
    body: JSON.stringify(${writeValue(body, SYNTAX, { indent: "    ", step: "  " })}),
  });
  if (!response.ok || !response.body) {
    const unknown = { code: "unknown", message: \`The server answered with status \${response.status}.\` };
    const refusal = (await response.json().catch(() => undefined)) as { error?: typeof unknown } | undefined;
    throw new ChatError(refusal?.error ?? unknown);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let rest = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) throw new ChatError({ code: "connection_lost", message: "The answer is incomplete." });
      const events = (rest + value).split("\\n\\n");
      rest = events.pop() ?? "";
      for (const event of events) {
        const name = /^event:(.*)$/m.exec(event)?.[1] ?? "text";
        const json = /^data:(.*)$/m.exec(event)?.[1];
        // An event without data is a comment that keeps the connection open.
        if (json === undefined) continue;
        const data = JSON.parse(json);
        if (name === "failed") throw new ChatError(data.error);
        yield { name, data } as ChatEvent;
        if (name === "done") return;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

// In your app, the token comes from your sign-in.
const token = process.env["TOKEN"] ?? "";

try {
  for await (const { name, data } of chat(token)) {
    if (name === "text") process.stdout.write(data);
    if (name === "tool") console.log(\`\\nThe model calls \${data.name} with \${data.arguments}\`);
    if (name === "done") console.log(\`\\n[\${data.finish}] $\${data.usage["usd"]}\`, data.left);
  }
} catch (error) {
  if (!(error instanceof ChatError)) throw error;
  console.error(\`\${error.code}: \${error.message}\`);
}
`;
}
