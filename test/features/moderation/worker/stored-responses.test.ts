// uses: stored-responses
// Moderation of stored answers, background responses and conversations.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../../../support/caller.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { converse, turnsOf } from "../../stored-responses/support/stored.ts";
import { message, moderatedCatalog } from "../support/moderated.ts";

const PATH = "/v1/responses";
const responses = { store: true, background: true, conversations: true };
const body = (input: string, fields: object) => ({ model: "o4-mini", input, ...fields });

beforeEach(emulation.zero);

describe.each([
  ["a stored answer", { store: true }],
  ["a background response", { store: true, background: true }],
  ["an answer in a conversation", undefined],
])("%s", (_what, given) => {
  it("waits for the verdict on its input", async () => {
    await useCatalog(moderatedCatalog({ alias: { input: "parallel" }, responses }));
    const user = await createUser();
    const { id } = await converse(user);
    const content = message({ tokens: 1, moderation_ms: 100 }, "emulate-violence");
    const response = await user.post(PATH, body(content, given ?? { conversation: id }));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
    expect((await emulation.idle()).by_path).not.toHaveProperty(PATH);
    expect(await user.settled()).toMatchObject({ tokens: 0, reserved: 0 });
    expect(await turnsOf(user, id)).toEqual([]);
  });

  it("is refused when answers are moderated", async () => {
    await useCatalog(moderatedCatalog({ alias: { output: "window" }, responses }));
    const user = await createUser();
    const { id } = await converse(user);
    const response = await user.post(PATH, body("Hi", given ?? { conversation: id }));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "unsupported_value" });
    expect(await user.settled()).toMatchObject({ tokens: 0, reserved: 0 });
  });
});
