// The routes GET /v1/models and GET /v1/models/:id.
import { Hono } from "hono";
import { findModel, listModels, type Model } from "./catalog.ts";
import { type Env, now } from "./env.ts";

export const models = new Hono<Env>()
  .get("/", (c) => c.json({ object: "list", data: listModels(now(c.env)).map(toWireModel) }))
  .get("/:id", (c) => c.json(toWireModel(findModel(c.req.param("id"), now(c.env)))));

function toWireModel({ name, snapshot }: Model) {
  return {
    id: name,
    object: "model",
    created: Date.parse(snapshot.released ?? "2024-01-01") / 1000,
    owned_by: name.startsWith("ft:") ? "org-emulated" : "system",
    shutdown_date: snapshot.shutdown_date ?? null,
  };
}
