// GET /v1/models and /v1/models/:id: the catalog in OpenAI's shape, with each model's card beside it.

import { Hono } from "hono";
import { chooseModel } from "../catalog/choose.ts";
import type { Model } from "../catalog/resolve.ts";
import { entry, resolveModel, toDay } from "../catalog/resolve.ts";
import { activeCatalog } from "../catalog/store.ts";
import type { AppEnv } from "../env.ts";
import { callerOf } from "./caller.ts";

export const models = new Hono<AppEnv>()
  .get("/", async (c) => {
    const now = Date.now();
    const { catalog } = await activeCatalog(c.env.CATALOG, now, callerOf(c).waitUntil);
    const snapshots = Object.values(catalog.cards).flatMap((card) => Object.keys(card.snapshots));
    const data = [...Object.keys(catalog.aliases), ...snapshots].flatMap((name) => {
      const resolution = resolveModel(catalog, name, toDay(now));
      return resolution.kind === "found" ? [toModelObject(resolution.model)] : [];
    });
    return c.json({ object: "list", data });
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
