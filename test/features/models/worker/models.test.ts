import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ENDPOINTS } from "../../src/core/catalog/endpoints.ts";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { move, put, startAnew } from "../support/catalog-operator.ts";
import { createLaterCatalog, laterDay } from "../support/dated-catalog.ts";
import { createUser, useCatalog } from "../support/workerd.ts";

const SNAPSHOT = "o4-mini-2025-04-16";
const ENDED = laterDay("2026-10-23");

interface ModelObject {
  id: string;
  object: string;
  created: number;
  owned_by: string;
  shutdown_date: string | null;
  snapshot: string;
  card: Record<string, unknown>;
}

const get = async (path: string) => {
  const response = await (await createUser()).get(path);
  expect(response.status).toBe(200);
  return (await response.json()) as { object: string; data: ModelObject[] };
};

const isListed = async (name: string) => (await get("/v1/models")).data.some(({ id }) => id === name);

/** The names of a comparison, in its order. */
const rowsOf = async (path: string) => {
  const { object, data } = await get(path);
  expect(object).toBe("comparison");
  return data.map(({ id }) => id);
};

beforeEach(async () => {
  await useCatalog(createLaterCatalog());
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(laterDay("2026-10-01")) });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("GET /v1/models", () => {
  it("lists every alias and every snapshot that answers, once, in OpenAI's shape", async () => {
    const { object, data } = await get("/v1/models");
    expect(object).toBe("list");
    const ids = data.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids).toEqual(expect.arrayContaining(["default", "fast", "o4-mini", SNAPSHOT, "gpt-6.1-terra", "whisper-1"]));
    for (const model of data) {
      expect(model).toMatchObject({ object: "model", owned_by: "openai", created: expect.any(Number) as number });
    }
  });

  it("leaves out what has ended, and keeps the aliases that have moved on", async () => {
    expect((await get("/v1/models")).data.map(({ id }) => id)).not.toContain("sora-2");
    vi.setSystemTime(Date.parse(ENDED));
    const { data } = await get("/v1/models");
    expect(data.map(({ id }) => id)).not.toContain(SNAPSHOT);
    expect(data.find(({ id }) => id === "o4-mini")).toMatchObject({
      snapshot: SNAPSHOT,
      shutdown_date: ENDED,
      answered_by: "gpt-5-mini-2025-08-07",
      card: { id: "o4-mini" },
    });
  });

  it("lists what the canary has to the users of the canary", async () => {
    await startAnew();
    await put(createCatalog());
    const { aliases, ...rest } = createCatalog();
    const trial = await put({ ...rest, aliases: { ...aliases, novelty: { target: "o3" } } }, { activate: "false" });
    expect(await isListed("novelty")).toBe(false);
    await move("canary", { revision: trial.revision, percent: 100 });
    expect(await isListed("novelty")).toBe(true);
  });
});

describe("GET /v1/models/:id", () => {
  it("shows the card as the provider's page does, with what is not supported too", async () => {
    const model = (await get("/v1/models/o4-mini")) as unknown as ModelObject;
    expect(model).toMatchObject({
      id: "o4-mini",
      object: "model",
      created: Date.parse(laterDay("2025-04-16")) / 1000,
      owned_by: "openai",
      shutdown_date: ENDED,
      snapshot: SNAPSHOT,
      card: {
        id: "o4-mini",
        name: "o4-mini",
        default: true,
        context_window: 200_000,
        max_output_tokens: 100_000,
        ratings: { reasoning: 4, speed: 3, price: "$1.1 · $4.4" },
        reasoning: { efforts: ["low", "medium", "high"] },
        prices: { input: 1.1, cached_input: 0.275, output: 4.4 },
        modalities: {
          text: { input: true, output: true },
          image: { input: true, output: false },
          audio: { input: false, output: false },
          video: { input: false, output: false },
        },
        snapshots: [
          {
            id: SNAPSHOT,
            aliases: ["default", "fast", "o4-mini"],
            successors: ["gpt-5-mini-2025-08-07", "gpt-6.1-terra"],
            shutdown_date: ENDED,
            successor: "gpt-5-mini",
          },
        ],
      },
    });
    const { endpoints, features, tools } = model.card as Record<string, { name: string; supported: boolean }[]>;
    expect(endpoints?.map(({ name }) => name)).toEqual(Object.keys(ENDPOINTS));
    expect(endpoints).toContainEqual({
      name: "chat_completions",
      title: "Chat Completions",
      route: "/v1/chat/completions",
      supported: true,
    });
    expect(endpoints).toContainEqual(expect.objectContaining({ name: "realtime", supported: false }));
    expect(features).toContainEqual({ name: "fine_tuning", title: "Fine-tuning", supported: true });
    expect(features).toContainEqual({ name: "predicted_outputs", title: "Predicted outputs", supported: false });
    expect(tools).toContainEqual({ name: "mcp", title: "MCP", supported: true });
    expect(tools).toContainEqual({ name: "computer_use", title: "Computer use", supported: false });
  });

  it("says of an endpoint that its provider does not serve what a request for it is told", async () => {
    const { providers, ...rest } = createLaterCatalog();
    const { openai } = providers;
    await useCatalog({ ...rest, providers: { openai: { ...openai, endpoints: ["responses"] } } });
    const model = (await get("/v1/models/o4-mini")) as unknown as ModelObject;
    const { endpoints } = model.card as { endpoints: { name: string; supported: boolean }[] };
    expect(endpoints.filter(({ supported }) => supported).map(({ name }) => name)).toEqual(["responses"]);
  });

  it("shows the card of what has ended, too, and who answers today", async () => {
    vi.setSystemTime(Date.parse(ENDED));
    const shown = { card: { id: "o4-mini" }, shutdown_date: ENDED };
    const answering = { answered_by: "gpt-5-mini-2025-08-07" };
    expect(await get("/v1/models/default")).toMatchObject({ id: "default", ...shown, ...answering });
    expect(await get(`/v1/models/${SNAPSHOT}`)).toMatchObject({ id: SNAPSHOT, ...shown, answered_by: null });
  });

  it.each(["gone", "constructor", "__proto__", "o4-mini%2Fsecrets"])("is a 404 for %s", async (name) => {
    const response = await (await createUser()).get(`/v1/models/${name}`);
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error" });
  });
});

describe("?compare", () => {
  it("on a model sets it beside those of its card, the dearest first", async () => {
    const { object, data } = await get("/v1/models/o4-mini?compare=");
    expect(object).toBe("comparison");
    expect(data).toEqual([
      {
        id: "o3",
        name: "o3",
        input: 2,
        cached_input: 0.5,
        output: 8,
        shutdown_date: laterDay("2026-12-11"),
        answered_by: "o3-2025-04-16",
      },
      {
        id: "o4-mini",
        name: "o4-mini",
        input: 1.1,
        cached_input: 0.275,
        output: 4.4,
        shutdown_date: ENDED,
        answered_by: SNAPSHOT,
      },
      {
        id: "o3-mini",
        name: "o3-mini",
        input: 1.1,
        cached_input: 0.55,
        output: 4.4,
        shutdown_date: ENDED,
        answered_by: "o3-mini-2025-01-31",
      },
    ]);
  });

  it("takes other names, each once", async () => {
    expect(await rowsOf("/v1/models/o3?compare=gpt-6.1-sol,o3,gpt-6.1-terra")).toEqual([
      "o3",
      "gpt-6.1-sol",
      "gpt-6.1-terra",
    ]);
    expect(await rowsOf("/v1/models?compare=gpt-5-mini,o3")).toEqual(["o3", "gpt-5-mini"]);
    expect(await rowsOf("/v1/models?compare=")).toEqual([]);
  });

  it("compares what the names stand for, ended or not, and says who answers today", async () => {
    vi.setSystemTime(Date.parse(ENDED));
    expect((await get(`/v1/models/o4-mini?compare=${SNAPSHOT}`)).data).toMatchObject([
      { id: "o4-mini", input: 1.1, answered_by: "gpt-5-mini-2025-08-07" },
      { id: SNAPSHOT, input: 1.1, answered_by: null },
    ]);
  });

  it("has no prices for a model that is priced otherwise", async () => {
    expect((await get("/v1/models?compare=whisper-1")).data).toMatchObject([{ input: null, output: null }]);
  });

  it.each(["/v1/models?compare=gone", "/v1/models/o3?compare=gone", "/v1/models/gone?compare="])(
    "is a 404 for a name that there is not: %s",
    async (path) => {
      const response = await (await createUser()).get(path);
      expect(response.status).toBe(404);
      const error = await errorOf(response);
      expect(error).toMatchObject({ code: "model_not_found" });
      expect(error.message).toContain("'gone'");
    },
  );
});
