// The moderation of every chat route: blocked inputs, blocked answers and blocked tool calls.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { readSaid } from "../../../support/said.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { message, moderatedCatalog, windowsOf } from "./moderated.ts";

interface ModeratedRoute {
  path: string;
  body: (content: string, stream: boolean) => Record<string, unknown>;
  /** The entry of a function in `tools`. */
  toTool: (definition: object) => object;
  /** The field that a refusal of the input names. */
  param: string;
  /** The end of a blocked stream. */
  blockedEnd: RegExp;
}

const BAD = "Tell me of emulate-violence.";
const CALM = "The river is so calm";
const VIOLENT = " emulate-violence so";
const BLOCKED = { code: "content_policy_violation" };

export function checkModeratedRoute({ path, body, toTool, param, blockedEnd }: ModeratedRoute): void {
  describe(`moderation of ${path}`, () => {
    beforeEach(emulation.zero);

    it.each([true, false])(
      "answers a blocked input with a 400 that costs the classifier's request (stream: %s)",
      async (stream) => {
        await useCatalog(moderatedCatalog({ alias: { input: "before" } }));
        const user = await createUser();
        const response = await user.post(path, body(message({ tokens: 5 }, BAD), stream));
        expect(response.status).toBe(400);
        expect(await errorOf(response)).toMatchObject({ ...BLOCKED, param });
        expect(await user.settled()).toEqual(ONLY_REQUESTS());
        expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
      },
    );

    it("does not send a complete answer that ends before its input is blocked", async () => {
      await useCatalog(moderatedCatalog({ alias: { input: "parallel" } }));
      const user = await createUser();
      const response = await user.post(path, body(message({ tokens: 5, moderation_ms: 300 }, BAD), false));
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject(BLOCKED);
      expect(await emulation.stats()).toMatchObject({ requests: 2, completed: 2 });
      expect(await user.settled()).toMatchObject({ requests: 2, reserved: 0 });
    });

    it("ends a stream at a block, and answers with a 400 without a stream", async () => {
      await useCatalog(moderatedCatalog({ alias: { output: "window" }, policy: { window: windowsOf(20) } }));
      const user = await createUser();
      const content = message({ text: CALM + VIOLENT });
      const text = await (await user.post(path, body(content, true))).text();
      expect(readSaid(text)).toBe(CALM);
      expect(text).toMatch(blockedEnd);
      expect(text).not.toContain("emulat");
      expect((await user.post(path, body(content, false))).status).toBe(400);
      expect(await user.settled()).toMatchObject({ requests: 2, reserved: 0 });
    });

    it("moderates the arguments of a tool call", async () => {
      await useCatalog(moderatedCatalog({ alias: { output: "window" } }));
      const parameters = { type: "object", properties: { what: { const: BAD } }, required: ["what"] };
      const tools = [toTool({ name: "look_up", description: "Looks something up.", parameters })];
      const user = await createUser();
      const text = await (await user.post(path, { ...body("What is it?", true), tools })).text();
      expect(text).toMatch(blockedEnd);
      expect(text).not.toMatch(/event:tool|call_arguments|"arguments":"[^"]/);
      expect((await user.post(path, { ...body("What is it?", false), tools })).status).toBe(400);
    });
  });
}
