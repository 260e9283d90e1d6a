// The feature models: GET /v1/models and /v1/models/:id, in OpenAI's format, with cards on request.

import { Hono } from "hono";
import { FIRST_DAY, resolveModel } from "../../core/catalog/resolve.ts";
import { modelsOf } from "../../core/catalog/support.ts";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { isOwnModel, ownModelNames, withOwnModel } from "../../core/gateway/own-models.ts";
import { compareModels, toModelObject, toModelWithCard } from "./present.ts";

const app = new Hono<AppEnv>()
  .get("/", async (c) => {
    const caller = c.get("caller");
    const { catalog } = caller;
    const now = Date.now();
    const compare = c.req.query("compare");
    if (compare !== undefined) return c.json(compareModels(catalog, toNames(compare), now));
    const present = c.req.query("cards") === "true" ? toModelWithCard : toModelObject;
    const data = modelsOf(catalog, now).map(({ requestedName: name }) => present(catalog, name, now));
    for (const name of await ownModelNames(caller)) {
      data.push(present((await withOwnModel(caller, name)).catalog, name, now));
    }
    return c.json({ object: "list", data });
  })
  // The name of a model may contain slashes.
  .get("/:id{.+}", async (c) => {
    const id = c.req.param("id");
    const { catalog } = isOwnModel(id) ? await withOwnModel(c.get("caller"), id) : c.get("caller");
    const now = Date.now();
    const compare = c.req.query("compare");
    if (compare === undefined) return c.json(toModelWithCard(catalog, id, now));
    const resolution = resolveModel(catalog, id, FIRST_DAY);
    const suggested = resolution.kind === "found" ? resolution.model.card.compare : [];
    return c.json(compareModels(catalog, [id, ...(compare === "" ? suggested : toNames(compare))], now));
  });

const toNames = (list: string) => list.split(",").filter((name) => name !== "");

export const models: Feature = {
  name: "models",
  routes: [
    {
      path: "/v1/models",
      access: "user",
      app,
      summary: "`GET`: the models of the catalog; `?cards=true`, `?compare=o3,o3-mini`. `GET /:id`: one with its card",
    },
  ],
};
