// uses: chat-completions, responses
// The input bound of a slim request covers the body that is sent for it, in either dialect.

import * as fc from "fast-check";
import { expect, it } from "vitest";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { preparedSlim, preparedSlimResponses } from "../support/slim-requests.ts";

const TERRA = bundledModel("gpt-6.1-terra");
const utf8 = (text: string) => new TextEncoder().encode(text).length;

it.each([
  ["Chat Completions", preparedSlim],
  ["Responses", preparedSlimResponses],
])("over %s it is never less than the UTF-8 bytes of instructions, messages, tools and format", (_dialect, prepare) => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 60 });
  const value = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }));
  const property = fc.property(
    fc.array(text, { minLength: 1, maxLength: 4 }),
    text,
    value,
    (texts, instructions, shown) => {
      const input = texts.map((content) => ({ role: "user", content }));
      const { demand } = prepare(
        { input, instructions, tools: [{ name: "pick", parameters: shown }], format: shown },
        TERRA,
      );
      const bytes =
        [...texts, instructions].reduce((sum, each) => sum + utf8(each), 0) + 2 * utf8(JSON.stringify(shown));
      expect(toBound(demand, TERRA.card, { max_output_tokens: 2000 }, 256).input).toBeGreaterThanOrEqual(bytes);
    },
  );
  fc.assert(property, { numRuns: 60 });
});
