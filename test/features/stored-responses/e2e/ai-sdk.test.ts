// The AI SDK as it is, with answers that the provider stores.

import { createOpenAI } from "@ai-sdk/openai";
import type { ModelMessage } from "ai";
import { generateText } from "ai";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { createCatalog } from "../../../support/catalog.ts";
import { startWeir } from "../../../support/weir.ts";
import { withSwitches } from "../support/switched-catalog.ts";

const weir = await startWeir(withSwitches(createCatalog(), { store: true }));
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const QUESTION: ModelMessage = { role: "user", content: "How deep is the river Lech?" };
const NEXT: ModelMessage = { role: "user", content: "Why does it matter?" };

it("a stored answer is continued by its id, or by references to its items", async () => {
  const user = await weir.createUser();
  const model = createOpenAI({ baseURL: `${weir.url}/v1`, apiKey: user.token })("o4-mini");
  const stored = (openai: { previousResponseId?: string } = {}) => ({
    model,
    maxRetries: 0,
    providerOptions: { openai: { store: true, ...openai } },
  });
  const first = await generateText({ ...stored(), messages: [QUESTION] });
  const previousResponseId = first.response.id;
  const byId = await generateText({ ...stored({ previousResponseId }), messages: [NEXT] });
  const byItems = await generateText({ ...stored(), messages: [QUESTION, ...first.responseMessages, NEXT] });
  expect([byId.text, byItems.text]).not.toContain("");
  const sent = (await weir.emulation.stats()).last?.body;
  expect(sent).toMatchObject({ store: true });
  expect(JSON.stringify(sent)).toContain(first.text);
});
