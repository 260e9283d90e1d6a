import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorOf } from "../support/caller.ts";
import { startAnew } from "../support/catalog-operator.ts";
import { createLaterCatalog, laterDay } from "../support/dated-catalog.ts";
import { emulate } from "../support/emulation.ts";
import { OPENAI, SLIM } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const SNAPSHOT = "o4-mini-2025-04-16";
const ENDS = "2026-10-23";
const LAST_DAY = "2026-10-22";
const SUCCESSOR_ENDS = "2026-12-11";

/** In the answer's headers, what a caller has to know of the model's end. */
const SUNSET = new Date(laterDay(ENDS)).toUTCString();
const DEPRECATION = `@${Date.parse(laterDay("2026-04-22")) / 1000}`;

const bodies = {
  [SLIM.path]: (model: string, changes: object = {}) => ({ model, input: emulate({ tokens: 1 }), ...changes }),
  [OPENAI.path]: (model: string, changes: object = {}) => ({
    model,
    messages: [{ role: "user", content: emulate({ tokens: 1 }) }],
    ...changes,
  }),
};

/** It is that day from now on, at that time (UTC). */
const travelTo = (day: string, time = "12:00:00.000") =>
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(`${laterDay(day)}T${time}Z`) });

beforeEach(async () => {
  await useCatalog(createLaterCatalog());
  await emulation.zero();
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each(Object.entries(bodies))("on %s", (path, body) => {
  const post = async (model: string, changes: object = {}) => (await createUser()).post(path, body(model, changes));

  it.each([
    ["on its last day by its snapshot", LAST_DAY, "23:59:59.999", SNAPSHOT],
    ["from the day of its end on by its successor", ENDS, "00:00:00.000", "gpt-5-mini-2025-08-07"],
    ["on the successor's last day by the successor", "2026-12-10", "23:59:59.999", "gpt-5-mini-2025-08-07"],
    ["from the successor's end on by the next", SUCCESSOR_ENDS, "00:00:00.000", "gpt-6.1-terra"],
  ])("the same request to the alias o4-mini is answered %s, which its headers say", async (_, day, time, answering) => {
    travelTo(day, time);
    const response = await post("o4-mini");
    expect(response.status, await response.text()).toBe(200);
    expect((await emulation.stats()).last?.body.model).toBe(answering);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "weir-model": answering,
      sunset: SUNSET,
      deprecation: DEPRECATION,
    });
  });

  it.each(["default", "o4-mini"])(
    "an app that asks %s for an effort goes on being answered after the end",
    async (name) => {
      travelTo(ENDS);
      const effort = path === SLIM.path ? { effort: "high" } : { reasoning_effort: "high" };
      const response = await post(name, effort);
      expect(response.status, await response.text()).toBe(200);
      expect((await emulation.stats()).last?.body).toMatchObject({ reasoning_effort: "high" });
    },
  );

  it("the snapshot asked for by its name is served on its last day", async () => {
    travelTo(LAST_DAY);
    const response = await post(SNAPSHOT);
    expect(response.status, await response.text()).toBe(200);
    expect(response.headers.get("weir-model")).toBe(SNAPSHOT);
    expect(response.headers.get("sunset")).toBe(SUNSET);
  });

  it("the snapshot asked for by its name is a 404 from then on, which names the successor", async () => {
    travelTo(ENDS, "00:00:00.000");
    const user = await createUser();
    const response = await user.post(path, body(SNAPSHOT));
    expect(response.status).toBe(404);
    expect(Object.fromEntries(response.headers)).toMatchObject({ sunset: SUNSET, deprecation: DEPRECATION });
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "invalid_request_error", code: "model_not_found", param: "model" });
    expect(error.message).toContain(`'${SNAPSHOT}' was shut down on ${laterDay(ENDS)}`);
    expect(error.message).toContain("'gpt-5-mini'");
    expect((await emulation.stats()).requests).toBe(0);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("a strict alias ends with its snapshot", async () => {
    const catalog = createLaterCatalog();
    const strict = { target: SNAPSHOT, strict: true, fallback: [] };
    await useCatalog({ ...catalog, aliases: { ...catalog.aliases, strict } });
    travelTo(ENDS);
    expect((await post("strict")).status).toBe(404);
  });

  it("a model that does not end has no word of an end in its answers", async () => {
    travelTo(ENDS);
    const response = await post("gpt-6.1-terra");
    await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get("sunset")).toBeNull();
    expect(response.headers.get("deprecation")).toBeNull();
  });

  it("a plan that includes o4-mini goes on including what answers in its place", async () => {
    const catalog = createLaterCatalog();
    const { roomy } = catalog.plans;
    if (!roomy) throw new Error("there is no plan 'roomy'");
    await useCatalog({ ...catalog, plans: { ...catalog.plans, roomy: { ...roomy, models: ["o4-mini"] } } });
    travelTo(ENDS);
    const response = await post("o4-mini");
    await response.text();
    expect(response.headers.get("weir-model")).toBe("gpt-5-mini-2025-08-07");
    expect((await post("gpt-5-mini")).status).toBe(403);
  });
});

describe("the catalog as it is bundled", () => {
  beforeEach(startAnew);

  it.each([
    [LAST_DAY, SNAPSHOT],
    [ENDS, "gpt-5-mini-2025-08-07"],
    [SUCCESSOR_ENDS, "gpt-6.1-terra"],
  ])("says on %s that %s answers for o4-mini", async (day, answering) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(day) });
    const response = await (await createUser()).get("/v1/models/o4-mini");
    expect(await response.json()).toMatchObject({ id: "o4-mini", answered_by: answering });
  });
});
