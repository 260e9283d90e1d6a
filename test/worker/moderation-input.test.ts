import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorOf } from "../support/caller.ts";
import { watchLog } from "../support/log-lines.ts";
import type { Moderated } from "../support/moderated.ts";
import { askIn, FORMS, message, moderatedCatalog } from "../support/moderated.ts";
import { repeatUntil } from "../support/repeat.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
const BAD = "Tell me of emulate-violence.";
const FAILING = "emulate-moderation-status-500";
/** What the model's answer costs beyond its text, when nobody counted. */
const ALLOWANCE = 1024;
const MORE_THAN_BYTES = 16 + 2000;
const KINDS: [string, boolean][] = [
  ["streamed", true],
  ["whole", false],
];
/** Where it is said that the input is judged. */
const PLACES = ["alias", "plan"] as const;

const use = (changes: Moderated) => useCatalog(moderatedCatalog(changes));
const useGate = (place: (typeof PLACES)[number], input: string, policy: object = {}) =>
  use({ [place]: { input }, policy: { ...policy } });

beforeEach(emulation.zero);
afterEach(() => void vi.restoreAllMocks());

describe.each(FORMS)("the input of %s", (_path, form) => {
  describe.each(KINDS)("%s", (_kind, stream) => {
    const ask = async (content: string, init: RequestInit = {}) => {
      const user = await createUser();
      return { user, response: await askIn(user, form, content, stream, init) };
    };
    const answered = async (response: Response) => {
      const text = await response.text();
      expect([response.status, text.length > 0]).toEqual([200, true]);
      if (stream) expect(form.ending(text)).toBe("finished");
    };

    describe.each(PLACES)("by the %s", (place) => {
      it("that is blocked beside the model is a 400 before anything is sent, and costs an estimate", async () => {
        await useGate(place, "parallel");
        const content = message({ tokens: 400, delay_ms: 20 }, BAD);
        const { user, response } = await ask(content);
        expect(response.status).toBe(400);
        expect(response.headers.get("content-type")).toContain("application/json");
        const error = await errorOf(response);
        expect(error).toMatchObject({ code: "content_policy_violation", param: "input" });
        expect(error.message).toContain("violence");
        const { tokens, ...rest } = await user.settled();
        expect(rest).toEqual({ requests: 1, reserved: 0 });
        expect(tokens).toBeGreaterThan(ALLOWANCE);
        expect(tokens).toBeLessThanOrEqual(JSON.stringify(form.body(content, stream)).length + MORE_THAN_BYTES);
        expect(await emulation.idle()).toMatchObject({ requests: 2, completed: 1, cancelled: 1 });
      });

      it("that is blocked before the model is asked costs nothing", async () => {
        await useGate(place, "before");
        const { user, response } = await ask(message({ tokens: 5 }, BAD));
        expect(response.status).toBe(400);
        expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation", param: "input" });
        expect(await user.settled()).toEqual(NOTHING);
        expect((await emulation.stats()).by_path).toEqual({ "/v1/moderations": 1 });
      });

      it.each(["parallel", "before"])("that is allowed is answered (%s)", async (input) => {
        await useGate(place, input);
        const { user, response } = await ask(message({ tokens: 5 }, "The river is low."));
        await answered(response);
        expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
        expect(await emulation.stats()).toMatchObject({ requests: 2, by_path: { "/v1/moderations": 1 } });
      });

      it("that is not to be judged is not", async () => {
        await useGate(place, "off");
        const { response } = await ask(message({ tokens: 5 }, BAD));
        await answered(response);
        const { requests, by_path: asked } = await emulation.stats();
        expect([requests, asked["/v1/moderations"]]).toEqual([1, undefined]);
      });
    });

    it("holds the answer until a later verdict, and then lets it go", async () => {
      await useGate("alias", "parallel");
      const user = await createUser();
      const asked = askIn(user, form, message({ tokens: 5, moderation_ms: 400 }, "Low."), stream);
      let isPromised = false;
      void asked.then(() => (isPromised = true));
      // The provider has begun, or ended, and the classifier thinks.
      await repeatUntil(emulation.stats, ({ bytes_out: bytes }) => bytes > 0);
      expect(isPromised).toBe(false);
      await answered(await asked);
      expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    });

    it("that is blocked by a later verdict is a 400 all the same", async () => {
      await useGate("alias", "parallel");
      const { user, response } = await ask(message({ tokens: 400, delay_ms: 5, moderation_ms: 100 }, BAD));
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: "content_policy_violation" });
      expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
      expect(await emulation.idle()).toMatchObject({ completed: 1, cancelled: 1 });
    });

    it.each(["parallel", "before"])("that cannot be judged is a 503 that costs nothing (%s)", async (input) => {
      await useGate("alias", input);
      const { user, response } = await ask(message({ tokens: 400, delay_ms: 20 }, FAILING));
      expect(response.status).toBe(503);
      const error = await errorOf(response);
      expect(error).toMatchObject({ code: "moderation_unavailable", type: "server_error" });
      expect(await user.settled()).toEqual(NOTHING);
      await emulation.idle();
    });

    it.each(["parallel", "before"])("that cannot be judged is answered where a policy says so (%s)", async (input) => {
      await useGate("alias", input, { on_failure: "allow" });
      const { response } = await ask(message({ tokens: 5 }, FAILING));
      await answered(response);
    });

    it.each([
      ["parallel", { requests: 1 }],
      ["before", NOTHING],
    ])("whose caller leaves while it is judged stops everything (%s)", async (input, spent) => {
      await useGate("alias", input);
      const user = await createUser();
      const control = new AbortController();
      const content = message({ tokens: 5, first_ms: 60_000, moderation_ms: 60_000 }, "Low.");
      const asked = askIn(user, form, content, stream, { signal: control.signal });
      const open = input === "before" ? 1 : 2;
      await repeatUntil(emulation.stats, ({ active }) => active === open);
      control.abort();
      await expect(asked).rejects.toThrow("abort");
      expect(await user.settled()).toMatchObject({ reserved: 0, ...spent });
      expect(await emulation.idle()).toMatchObject({ requests: open, cancelled: open });
    });
  });

  it("is logged by categories and scores, never by what was said", async () => {
    await useGate("alias", "before");
    const log = watchLog();
    const user = await createUser();
    const init = { headers: { "x-request-id": "phone-7" } };
    await (await askIn(user, form, BAD, true, init)).text();
    expect(log("moderated")).toEqual([
      {
        event: "moderated",
        request: "phone-7",
        side: "input",
        action: "block",
        flagged: true,
        categories: [{ name: "violence", score: 0.97, action: "block" }],
      },
    ]);
  });

  it("that is to be looked at passes, and is logged", async () => {
    await useGate("alias", "before", { otherwise: "review" });
    const log = watchLog();
    const response = await askIn(await createUser(), form, message({ tokens: 5 }, BAD));
    expect(form.ending(await response.text())).toBe("finished");
    expect(log("moderated")).toMatchObject([{ side: "input", action: "review" }]);
  });
});
