// The text edits that remove a feature, and the advice for a deployed Worker.

import { expect, test } from "vitest";
import { firstProse } from "../../../dev/features-command/description.ts";
import { deployedSteps } from "../../../dev/features-command/deployed-worker.ts";
import { sameTables } from "../../../dev/features-command/generated-tables.ts";
import { withDependents } from "../../../dev/features-command/manifest.ts";
import { removeCards } from "../../../dev/features-command/unserved-cards.ts";
import {
  addEntries,
  removeBlock,
  removeExports,
  removeFromManifest,
  removeScripts,
  removeSection,
  replaceBetween,
  scriptsIn,
  usedFeatures,
} from "../../../dev/features-command/text-edits.ts";

const IMPORTS =
  'import { models } from "./features/models/index.ts";\nimport { usage } from "./features/usage/index.ts";\n';

test("a manifest loses the import and the entry of a feature, on one line or on several", () => {
  const rest = 'import { usage } from "./features/usage/index.ts";\n';
  const several = `${IMPORTS}export const features = define([\n  models,\n  usage,\n]);\n`;
  expect(removeFromManifest(several, "./features/models/")).toBe(
    `${rest}export const features = define([\n  usage,\n]);\n`,
  );
  expect(removeFromManifest(`${IMPORTS}export const features = define([models, usage]);\n`, "./features/models/")).toBe(
    `${rest}export const features = define([usage]);\n`,
  );
});

test("a name that begins like the removed one stays", () => {
  const text = 'import { chat } from "./chat/index.ts";\nexport const modules = [chat, chatStore, slimChat];\n';
  expect(removeFromManifest(text, "./chat/")).toBe("export const modules = [chatStore, slimChat];\n");
});

test("a manifest without the import, or without the entry, is an error that names the line", () => {
  expect(() => removeFromManifest(IMPORTS, "./features/images/")).toThrow('import { … } from "./features/images/…";');
  expect(() => removeFromManifest(`${IMPORTS}export const features = [usage];`, "./features/models/")).toThrow(
    "models",
  );
});

test("only the exports of the feature's own folder are removed", () => {
  const text =
    'export { One } from "./features/one/object.ts";\nexport { Other } from "./features/one-more/object.ts";\n';
  expect(removeExports(text, "./features/one/")).toBe('export { Other } from "./features/one-more/object.ts";\n');
});

const TOML = `name = "weir"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["UserQuota"]

# feature: publisher
[[migrations]]
tag = "v2"
new_sqlite_classes = ["Publisher"]

# Every day.
[triggers]
crons = ["17 5 * * *"]
# end

# feature: runs
[[migrations]]
tag = "v3"
new_sqlite_classes = ["Run"]
# end
`;

test("a block ends at its own end line", () => {
  const { text, block } = removeBlock(TOML, "publisher");
  expect(text).toContain('new_sqlite_classes = ["UserQuota"]\n\n# feature: runs\n');
  expect(text).not.toContain("v2");
  expect(block).toContain("crons");
  expect(removeBlock(TOML, "usage")).toEqual({ text: TOML, block: undefined });
});

test("a block without an end line is an error", () => {
  expect(() => removeBlock(TOML.replace("# end\n", ""), "publisher")).toThrow("# feature: publisher");
});

test("a deployed Worker keeps a last migration that was removed, since wrangler looks for its tag", () => {
  const { text, block = "" } = removeBlock(TOML, "runs");
  const [step = ""] = deployedSteps([block], TOML, text);
  expect(step).toContain(
    '[[migrations]]\ntag = "v3"\nnew_sqlite_classes = ["Run"]\n\n[[migrations]]\ntag = "v4"\ndeleted_classes = ["Run"]',
  );
});

test("a deployed Worker needs no earlier migration again, and is told to drop the cron", () => {
  const { text, block = "" } = removeBlock(TOML, "publisher");
  const [migration = "", cron] = deployedSteps([block], TOML, text);
  expect(migration).toContain('tag = "v4"\ndeleted_classes = ["Publisher"]');
  expect(migration).not.toContain('"v2"');
  expect(cron).toContain("crons = []");
});

test("a catalog loses the keys of a feature at its root, in cards, aliases and plans", () => {
  const catalog = {
    policies: {},
    cards: { o3: { name: "o3", tuning: {} } },
    aliases: { fast: { target: "m", moderation: {} } },
    plans: { free: { moderation: {}, windows: [] } },
  };
  const text = removeSection(JSON.stringify(catalog), {
    root: ["policies"],
    card: ["tuning"],
    alias: ["moderation"],
    plan: ["moderation"],
  });
  const cards = { o3: { name: "o3" } };
  expect(JSON.parse(text)).toEqual({ cards, aliases: { fast: { target: "m" } }, plans: { free: { windows: [] } } });
});

const cardOf = (endpoints: string[], more: object = {}) => ({ endpoints, snapshots: {}, ...more });

test("cards that no feature serves go, with the aliases that lead to them and all mentions", () => {
  const catalog = {
    cards: {
      chat: cardOf(["chat", "batch"], {
        compare: ["sound-1", "chat-1"],
        snapshots: { "chat-1": { successor: "tone" } },
      }),
      sound: cardOf(["speech", "batch"], { snapshots: { "sound-1": {} } }),
      both: cardOf(["speech", "chat"]),
    },
    aliases: {
      tone: { target: "voice" },
      voice: { target: "sound-1" },
      talk: { target: "chat-1", fallback: ["voice"] },
    },
    plans: {
      free: {
        models: ["talk", "sound"],
        windows: [{ unit: "usd", models: ["sound"] }, { unit: "usd" }, { unit: "usd", models: ["sound", "chat"] }],
      },
    },
  };
  expect(JSON.parse(removeCards(JSON.stringify(catalog), ["chat"]))).toEqual({
    cards: {
      chat: cardOf(["chat", "batch"], { compare: ["chat-1"], snapshots: { "chat-1": {} } }),
      both: catalog.cards.both,
    },
    aliases: { talk: { target: "chat-1", fallback: [] } },
    plans: { free: { models: ["talk"], windows: [{ unit: "usd" }, { unit: "usd", models: ["chat"] }] } },
  });
  const unchanged = JSON.stringify(catalog);
  expect(removeCards(unchanged, ["chat", "speech"])).toBe(unchanged);
});

test("a catalog without the sections is not changed", () => {
  const text = '{"aliases": {"fast": {}}}';
  expect(removeSection(text, { root: ["policies"], card: [], alias: ["moderation"], plan: [] })).toBe(text);
});

test("scripts that run in a removed folder go, with calls of them, and so do single commands", () => {
  const scripts = {
    lint: "oxlint",
    spec: "node dev/openapi/write.ts",
    types: "tsc -p dev && tsc -p src/features/openapi",
    check: "npm run lint && npm run spec",
    other: "tsc -p src/features/openapi-more",
  };
  const before = JSON.stringify({ name: "weir", scripts });
  const folders = ["dev/openapi", "src/features/openapi"];
  expect(scriptsIn(before, folders)).toEqual(["spec"]);
  const { lint, other } = scripts;
  expect(JSON.parse(removeScripts(before, folders))).toEqual({
    name: "weir",
    scripts: { lint, types: "tsc -p dev", check: "npm run lint", other },
  });
  expect(removeScripts(before, ["dev/usage"])).toBe(before);
});

test("entries are added to knip.json once", () => {
  const text = addEntries('{"entry":["a"]}', ["a", "b"]);
  expect(JSON.parse(text)).toEqual({ entry: ["a", "b"] });
  expect(addEntries(text, ["b"])).toBe(text);
});

test("a table is replaced between its markers, and alignment is no difference", () => {
  const text = "# Weir\n<!-- routes -->\nold\n<!-- end -->\nrest <!-- end -->\n";
  const written = replaceBetween(text, "routes", "| a | b |\n| --- | --- |");
  expect(written).toBe("# Weir\n<!-- routes -->\n\n| a | b |\n| --- | --- |\n\n<!-- end -->\nrest <!-- end -->\n");
  expect(sameTables(written, written.replace("| a | b |\n| --- |", "| a   | b |\n| ------ |"))).toBe(true);
  expect(() => replaceBetween(text, "features", "")).toThrow("<!-- features -->");
});

test("a test names the features that it uses in its first line only", () => {
  expect(usedFeatures("// uses: slim-chat, moderation\nimport")).toEqual(["slim-chat", "moderation"]);
  expect(usedFeatures("// A test.\n// uses: slim-chat\n")).toEqual([]);
});

test("the description of a feature is the first prose of its README", () => {
  expect(firstProse("# Chat\n\n```sh\nnpm\n```\n\n| a |\n\nA [slim](chat.md)\nchat. More.\n")).toBe(
    "A slim chat. More.",
  );
});

test("dependents are found through other dependents, in the order of the manifest", () => {
  const features = [{ name: "c", needs: ["b"] }, { name: "b", needs: ["a"] }, { name: "a" }, { name: "d" }];
  expect(withDependents(features, ["a"])).toEqual(["c", "b", "a"]);
});
