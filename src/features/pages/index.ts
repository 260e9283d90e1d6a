// The feature pages: the playground, model cards, comparison, account and console, as static assets.
// The Worker runs only for the page of one model, for the public cards, and for the token of a development server.

import { Hono } from "hono";
import { modelsOf } from "../../core/catalog/support.ts";
import { activeCatalog } from "../../core/catalog/store.ts";
import type { Bindings } from "../../core/env.ts";
import { apiError } from "../../core/errors.ts";
import type { AppEnv, Feature } from "../../core/feature.ts";
import { toModelWithCard } from "../models/present.ts";
import { pagesOf, pagesSection } from "./catalog.ts";

/** `DEVELOPMENT_TOKEN` is set by `npm run dev` only. */
interface PagesBindings extends Bindings {
  DEVELOPMENT_TOKEN?: string;
}

// The name of a model may contain slashes.
const modelPage = new Hono<AppEnv>().get("/:id{.+}", async (c) => {
  const page = await c.env.ASSETS.fetch(new URL("/model", c.req.url));
  // The headers of an asset's response cannot be changed.
  return new Response(page.body, page);
});

const cards = new Hono<AppEnv>().get("/", async (c) => {
  const now = Date.now();
  const { catalog } = await activeCatalog(c.env.CATALOG, now, (work) => c.executionCtx.waitUntil(work));
  if (!pagesOf(catalog).public_cards) {
    throw apiError(
      "not_found",
      "The model cards are not public here. GET /v1/models?cards=true with a token has them.",
    );
  }
  const data = modelsOf(catalog, now).map(({ requestedName }) => toModelWithCard(catalog, requestedName, now));
  // A browser asks again as soon as an isolate reads a new catalog.
  return c.json({ object: "list", data }, { headers: { "cache-control": "public, max-age=30" } });
});

const developmentToken = new Hono<AppEnv>().get("/", (c) => {
  const { DEVELOPMENT_TOKEN: token } = c.env as PagesBindings;
  const headers = { "cache-control": "no-store" };
  // A 404 would be an error in the browser's console, on every deployment.
  return token ? c.json({ token }, { headers }) : c.body(null, 204, headers);
});

export const pages: Feature = {
  name: "pages",
  needs: ["models"],
  catalog: pagesSection,
  routes: [
    { path: "/models", access: "public", app: modelPage, summary: "`GET` of `/:id`: the page of one model" },
    {
      path: "/cards",
      access: "public",
      app: cards,
      summary: "`GET`: the models with their cards, unless switched off",
    },
    {
      path: "/development-token",
      access: "public",
      app: developmentToken,
      summary: "`GET`: a user's token, on a development server only",
    },
  ],
};
