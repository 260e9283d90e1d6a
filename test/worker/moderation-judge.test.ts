import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { readEvents } from "../support/events.ts";
import { moderatedCatalog } from "../support/moderated.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const PATH = "/moderate";
const POLICY = "children";
const RULES = { "phone-number": "No phone numbers." };
const KINDS: [string, boolean][] = [
  ["streamed", true],
  ["whole", false],
];

interface Ending {
  action: string;
  flagged: boolean;
}

const usePolicy = (policy: object, gates: Pick<Parameters<typeof moderatedCatalog>[0], "alias" | "plan"> = {}) =>
  useCatalog(moderatedCatalog({ ...gates, policies: { [POLICY]: { judge: "o4-mini", ...policy } } }));

const ask = async (input: string, stream: boolean) =>
  (await createUser()).post(PATH, { input, policy: POLICY, stream });

async function endOf(response: Response, stream: boolean): Promise<Ending> {
  expect(response.status).toBe(200);
  const text = await response.text();
  return JSON.parse(stream ? (readEvents(text).at(-1)?.data ?? "") : text) as Ending;
}

beforeEach(emulation.zero);

describe.each(KINDS)("a judge beside the classifier, %s", (_kind, stream) => {
  it("is alone where the classifier fails and the policy goes on then, which is a case for review", async () => {
    await usePolicy({ rules: RULES, on_failure: "allow" });
    const kept = await endOf(await ask("emulate-moderation-status-500", stream), stream);
    expect(kept).toMatchObject({ action: "review", flagged: false });
    const broken = await endOf(await ask("emulate-moderation-status-500 emulate-phone-number", stream), stream);
    expect(broken).toMatchObject({ action: "block", flagged: false });
  });

  it("says nothing where the classifier refuses to look, whatever the policy does on failures", async () => {
    await usePolicy({ rules: RULES, on_failure: "allow" });
    const response = await ask("emulate-moderation-status-400", stream);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error" });
    await emulation.idle();
  });

  it("judges by instructions alone as by one rule", async () => {
    await usePolicy({ instructions: "Be kind." });
    const response = await ask("emulate-instructions", stream);
    expect(response.status).toBe(200);
    const text = await response.text();
    const rule = { name: "instructions", action: "block", quote: "emulate-instructions" };
    const told = stream
      ? readEvents(text).flatMap(({ name, data }) => (name === "rule" ? [JSON.parse(data) as unknown] : []))
      : (JSON.parse(text) as { rules: unknown[] }).rules;
    expect(told).toMatchObject([rule]);
    expect(await endOf(await ask("The river is low.", stream), stream)).toMatchObject({ action: "allow" });
  });

  it("is not judged itself, neither by its alias nor by the plan", async () => {
    const gates = { input: "before", output: "window" };
    await usePolicy({ rules: RULES }, { alias: gates, plan: gates });
    const judged = await endOf(await ask("emulate-violence emulate-phone-number", stream), stream);
    expect(judged).toMatchObject({ action: "block", flagged: true });
    expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1, "/v1/chat/completions": 1 });
  });
});
