// uses: chat-completions
// Streams of ten servers in their own formats, and the catalog entries of docs/providers.md.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";

import { createDecodingCodec } from "../../../../src/core/relay/event-codec.ts";
import { endingOf } from "../../../../src/core/relay/pump.ts";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { createPassCodec } from "../../../../src/features/chat-completions/codec.ts";
import { slimEvents } from "../../../../src/features/slim-chat/codec.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { catalogDocument } from "../../../support/catalog-documents.ts";
import { DONE, fromUtf8, toUtf8 } from "../../../support/chat-chunks.ts";
import { outputOf } from "../../../support/codec-output.ts";
import { readSlim } from "../../../support/slim-stream.ts";
import { singleBytes } from "../../../support/stream-cuts.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

interface Server {
  name: string;
  /** What the server sends to keep a silent stream open. */
  keepAlive?: string;
  /** The ids of its two tool calls. */
  ids: [string, string];
  usage: { input: number; cached?: number; output: number; reasoning?: number };
}

const SERVERS: Server[] = [
  {
    name: "openrouter",
    keepAlive: ": OPENROUTER PROCESSING\n\n",
    ids: ["call_o1", "call_o2"],
    usage: { input: 64, cached: 32, output: 40, reasoning: 12 },
  },
  { name: "groq", ids: ["fc_g1", "fc_g2"], usage: { input: 70, output: 44, reasoning: 15 } },
  { name: "together", ids: ["call_t1", "call_t2"], usage: { input: 58, output: 38 } },
  // Reasoning is in the total alone. Tool calls have no index, and the answer finishes with `stop`.
  { name: "gemini", ids: ["function-call-71", "function-call-72"], usage: { input: 60, output: 124 } },
  { name: "mistral", ids: ["D681PevKs", "q0Zx91LmA"], usage: { input: 81, cached: 16, output: 45 } },
  {
    name: "deepseek",
    keepAlive: ": keep-alive\n\n",
    ids: ["call_00_d1", "call_01_d2"],
    usage: { input: 90, cached: 64, output: 52, reasoning: 20 },
  },
  // Reasoning is beside the output.
  { name: "xai", ids: ["call_x1", "call_x2"], usage: { input: 32, cached: 6, output: 1009, reasoning: 1000 } },
  { name: "azure", ids: ["call_z1", "call_z2"], usage: { input: 75, output: 61, reasoning: 32 } },
  { name: "ollama", ids: ["call_l1", "call_l2"], usage: { input: 155, output: 48 } },
  {
    name: "vllm",
    ids: ["chatcmpl-tool-v1", "chatcmpl-tool-v2"],
    usage: { input: 120, output: 46 },
  },
];

/** The events of a server's stream. */
function eventsOf({ name, keepAlive = "" }: Server): string[] {
  const lines = read(`test/fixtures/providers/${name}.jsonl`).trimEnd().split("\n");
  return [...lines.flatMap((line) => [keepAlive, `data: ${line}\n\n`]), DONE].filter((event) => event !== "");
}

const isUsageAlone = (event: string) => event.includes('"choices":[]') && event.includes('"usage"');

describe.each(SERVERS)("the stream of $name", (server) => {
  const events = eventsOf(server);
  const bytes = toUtf8(events.join(""));
  const usage = { cached: 0, reasoning: 0, ...server.usage };

  it("has its text, tool calls, finish and usage on the slim wire, in one piece and byte by byte", () => {
    for (const pieces of [[bytes], singleBytes(bytes)]) {
      const codec = createDecodingCodec(
        chatDialect,
        slimEvents(
          () => null,
          () => "call_new",
        ),
      );
      const sent = [outputOf(codec, pieces), codec.conclude({ left: {}, usd: 0 })];
      const [first, second] = server.ids;
      expect(readSlim(Buffer.concat(sent))).toEqual([
        { name: "text", data: "I look at both." },
        { name: "tool", data: { id: first, name: "weather", arguments: '{"city":"Oslo"}' } },
        { name: "tool", data: { id: second, name: "weather", arguments: '{"city":"Rome"}' } },
        { name: "done", data: { finish: "tool_calls", usage: { ...usage, usd: 0 }, left: {} } },
      ]);
      expect(endingOf(codec, undefined)).toEqual({ kind: "finished" });
    }
  });

  it("passes through, metered, with its usage or without the event of usage alone", () => {
    for (const keepUsage of [true, false]) {
      const codec = createPassCodec(chatDialect, { keepUsage });
      const sent = fromUtf8(outputOf(codec, [bytes.slice(0, 200), bytes.slice(200)]));
      expect(sent).toBe(events.filter((event) => keepUsage || !isUsageAlone(event)).join(""));
      expect(codec.progress).toMatchObject({ usage, ended: true });
      expect(endingOf(codec, undefined)).toEqual({ kind: "finished" });
    }
  });
});

describe("docs/providers.md", () => {
  const blocks = [...read("docs/providers.md").matchAll(/```json\n(.*?)```/gs)].map(
    ([, json]) => JSON.parse(`{${json}}`) as { providers: Document; cards: Document; aliases?: Document },
  );

  it("has an entry for each of them", () => {
    const names = blocks.flatMap(({ providers }) => Object.keys(providers));
    expect(names.toSorted()).toEqual(SERVERS.map(({ name }) => name).toSorted());
  });

  it.each(blocks)("has catalog entries that can be published: %j", ({ providers, cards }) => {
    const [card] = Object.values(cards) as { snapshots: Document }[];
    const [target] = Object.keys(card?.snapshots ?? {});
    expect(parseCatalog(catalogDocument({ providers, cards, aliases: { default: { target } } }))).toMatchObject({
      ok: true,
    });
  });
});
