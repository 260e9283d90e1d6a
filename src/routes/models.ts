// GET /v1/models and /v1/models/:id: the catalog in OpenAI's shape, with each model's card beside it.

import { Hono } from "hono";
import { chooseModel, modelsOf } from "../catalog/choose.ts";
import type { Model } from "../catalog/resolve.ts";
import { entry } from "../catalog/schema.ts";
import { activeCatalog } from "../catalog/store.ts";
import type { AppEnv } from "../env.ts";
import { callerOf } from "./caller.ts";

export const models = new Hono<AppEnv>()
  .get("/", async (c) => {
    const now = Date.now();
    const { catalog } = await activeCatalog(c.env.CATALOG, now, callerOf(c).waitUntil);
    return c.json({ object: "list", data: modelsOf(catalog, now).map(toModelObject) });
  })
  .get("/:id", async (c) => {
    const now = Date.now();
    const { catalog } = await activeCatalog(c.env.CATALOG, now, callerOf(c).waitUntil);
    return c.json(toModelObject(chooseModel(catalog, c.req.param("id"), now).model));
  });

function toModelObject({ asked, snapshot: name, card }: Model) {
  const snapshot = entry(card.snapshots, name);
  return {
    id: asked,
    object: "model",
    created: snapshot?.released ? Date.parse(snapshot.released) / 1000 : 0,
    owned_by: card.provider,
    shutdown_date: snapshot?.shutdown_date ?? null,
    snapshot: name,
    card,
  };
}
