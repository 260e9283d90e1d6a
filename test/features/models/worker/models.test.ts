// GET /v1/models: the catalog in OpenAI's format, with the card of each model.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { resetCatalogForTests } from "../../../../src/core/catalog/store.ts";
import { ENDPOINTS } from "../../../../src/core/catalog/endpoints.ts";
import { errorOf } from "../../../support/caller.ts";
import { createCatalog, publish } from "../../../support/catalog.ts";
import { createLaterCatalog, laterDay } from "../../../support/dated-catalog.ts";
import { bindings, createUser, startAnew, useCatalog } from "../../../support/workerd.ts";

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

/** The models of a comparison, in its order. */
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
  it("lists every alias and available snapshot once, in OpenAI's format", async () => {
    const { object, data } = await get("/v1/models");
    expect(object).toBe("list");
    const ids = data.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids).toEqual(expect.arrayContaining(["default", "fast", "o4-mini", SNAPSHOT, "gpt-6.1-terra", "whisper-1"]));
    for (const model of data) {
      expect(model).toMatchObject({ object: "model", owned_by: "openai", created: expect.any(Number) as number });
    }
  });

  it("lists no ended snapshots, and keeps aliases with a successor", async () => {
    expect((await get("/v1/models")).data.map(({ id }) => id)).not.toContain("sora-2");
    vi.setSystemTime(Date.parse(ENDED));
    const { data } = await get("/v1/models");
    expect(data.map(({ id }) => id)).not.toContain(SNAPSHOT);
    expect(data.find(({ id }) => id === "o4-mini")).toMatchObject({
      snapshot: SNAPSHOT,
      shutdown_date: ENDED,
      answered_by: "gpt-5-mini-2025-08-07",
    });
  });

  it("has small entries, and the cards on request", async () => {
    const { data } = await get("/v1/models");
    const fields = ["answered_by", "created", "id", "object", "owned_by", "served", "shutdown_date", "snapshot"];
    for (const model of data) expect(Object.keys(model).toSorted()).toEqual(fields);
    const withCards = await get("/v1/models?cards=true");
    expect(withCards.data.map(({ card, ...model }) => [card["name"] !== undefined, model])).toEqual(
      data.map((model) => [true, model]),
    );
  });

  it("lists the canary's models to users of the canary", async () => {
    await startAnew();
    const active = await publish(bindings.CATALOG, createCatalog());
    const { aliases, ...rest } = createCatalog();
    const trial = { ...rest, aliases: { ...aliases, novelty: { target: "o3" } } };
    await bindings.CATALOG.put("catalog:rev:trial", JSON.stringify(trial));
    expect(await isListed("novelty")).toBe(false);
    const canary = { revision: "trial", percent: 100, salt: "a" };
    await bindings.CATALOG.put("catalog:current", JSON.stringify({ active, canary }));
    resetCatalogForTests();
    expect(await isListed("novelty")).toBe(true);
  });
});

describe("GET /v1/models/:id", () => {
  it("has the whole card", async () => {
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
    const { endpoints } = model.card as { endpoints: { name: string; supported: boolean }[] };
    expect(endpoints.map(({ name }) => name)).toEqual(Object.keys(ENDPOINTS));
  });

  it("has the card of an ended model, and the snapshot that answers today", async () => {
    vi.setSystemTime(Date.parse(ENDED));
    const shown = { card: { id: "o4-mini" }, shutdown_date: ENDED };
    const answering = { answered_by: "gpt-5-mini-2025-08-07" };
    expect(await get("/v1/models/default")).toMatchObject({ id: "default", ...shown, ...answering });
    expect(await get(`/v1/models/${SNAPSHOT}`)).toMatchObject({ id: SNAPSHOT, ...shown, answered_by: null });
  });

  it.each(["meta-llama/llama-3.3:free", "@cf/meta/llama-3"])(
    "finds a name with slashes, raw and escaped: %s",
    async (id) => {
      const { cards, ...catalog } = createLaterCatalog();
      const { "o4-mini": card } = cards;
      await useCatalog({ ...catalog, cards: { ...cards, llama: { ...card, compare: [], snapshots: { [id]: {} } } } });
      expect(await get(`/v1/models/${id}`)).toMatchObject({ id, card: { id: "llama" } });
      expect(await get(`/v1/models/${encodeURIComponent(id)}`)).toMatchObject({ id });
      expect(await rowsOf(`/v1/models?compare=${encodeURIComponent(id)},o3`)).toContain(id);
    },
  );

  it.each(["gone", "constructor", "__proto__", "o4-mini%2Fsecrets"])("is a 404 for %s", async (name) => {
    const response = await (await createUser()).get(`/v1/models/${name}`);
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error" });
  });
});

describe("?compare", () => {
  it("on a model compares it with the `compare` list of its card", async () => {
    const { object, data } = await get("/v1/models/o4-mini?compare=");
    expect(object).toBe("comparison");
    expect(data.map(({ id }) => id)).toEqual(["o3", "o4-mini", "o3-mini"]);
    expect(data[1]).toEqual({
      id: "o4-mini",
      name: "o4-mini",
      input: 1.1,
      cached_input: 0.275,
      output: 4.4,
      shutdown_date: ENDED,
      answered_by: SNAPSHOT,
    });
  });

  it("accepts other names", async () => {
    expect(await rowsOf("/v1/models/o3?compare=gpt-6.1-sol,o3")).toEqual(["o3", "gpt-6.1-sol"]);
    expect(await rowsOf("/v1/models?compare=")).toEqual([]);
  });

  it.each(["/v1/models?compare=gone", "/v1/models/gone?compare="])("is a 404 for an unknown name: %s", async (path) => {
    const response = await (await createUser()).get(path);
    expect(response.status).toBe(404);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "model_not_found" });
    expect(error.message).toContain("'gone'");
  });
});
