// `npm run demo -- "a question"`: starts Weir, streams the answer to one question, stops.

import { parseArgs } from "node:util";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { parseCommandLine } from "../command-line.ts";
import { startStack } from "../stack.ts";
import { createToken } from "../token.ts";

const { words } = parseCommandLine("npm run demo -- [QUESTION]", () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean" } } });
  return { ...values, words: positionals };
});
const question = words.join(" ") || "Why does a weir make a river easier to measure?";

const stack = await startStack().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
try {
  process.exitCode = (await ask(stack.url)) ? 0 : 1;
} finally {
  await stack.harness.close();
}

async function ask(url: string): Promise<boolean> {
  const authorization = `Bearer ${await createToken("demo")}`;
  const provider = stack.emulated ? "the emulated provider" : "the real provider";
  console.log(
    `POST ${url}/chat {"input":${JSON.stringify(question)}} as a user of the plan 'free', with ${provider}:\n`,
  );
  const response = await fetch(`${url}/chat`, {
    method: "POST",
    headers: { authorization },
    body: JSON.stringify({ input: question }),
  });
  if (!response.ok || !response.body) {
    console.error(await response.text());
    return false;
  }
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { event, data } of events) {
    if (event === undefined) process.stdout.write(JSON.parse(data) as string);
    if (event === "failed") console.error(`\n\n${data}`);
    if (event === "done") {
      const { usage, left } = JSON.parse(data) as { usage: Record<string, number>; left: Record<string, number> };
      console.log(`\n\nusage: ${describe(usage)} (tokens, from ${response.headers.get("weir-model")})`);
      console.log(`left:  ${describe(left)}`);
      return true;
    }
  }
  return false;
}

function describe(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count.toLocaleString("en", { maximumFractionDigits: 9 })}`)
    .join(", ");
}
