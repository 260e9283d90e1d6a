// GET /v1/models and /v1/models/:id: the catalog in OpenAI's shape, with each model's card; `?compare=` for prices.

import type { Context } from "hono";
import { Hono } from "hono/tiny";
import { compareModels, toModelObject } from "./present.ts";
import { FIRST_DAY, resolveModel } from "../../core/catalog/resolve.ts";
import { catalogFor } from "../../core/catalog/store.ts";
import { modelsOf } from "../../core/catalog/support.ts";
import type { AppEnv } from "../../core/env.ts";
import { callerOf } from "../../core/caller.ts";

export const models = new Hono<AppEnv>()
  .get("/", async (c) => {
    const { catalog, now } = await catalogOf(c);
    const compare = c.req.query("compare");
    if (compare !== undefined) return c.json(compareModels(catalog, toNames(compare), now));
    const data = modelsOf(catalog, now).map(({ asked }) => toModelObject(catalog, asked, now));
    return c.json({ object: "list", data });
  })
  .get("/:id", async (c) => {
    const { catalog, now } = await catalogOf(c);
    const id = c.req.param("id");
    const compare = c.req.query("compare");
    if (compare === undefined) return c.json(toModelObject(catalog, id, now));
    const meant = resolveModel(catalog, id, FIRST_DAY);
    const besides = meant.kind === "found" ? meant.model.card.compare : [];
    return c.json(compareModels(catalog, [id, ...(compare === "" ? besides : toNames(compare))], now));
  });

async function catalogOf(c: Context<AppEnv>) {
  const { user, env, waitUntil } = callerOf(c);
  const now = Date.now();
  const { catalog } = await catalogFor(user, env.CATALOG, now, waitUntil);
  return { catalog, now };
}

const toNames = (list: string) => list.split(",").filter((name) => name !== "");
