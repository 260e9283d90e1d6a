// The routes of stored responses: read, delete, cancel, and list the input items.
import { Hono } from "hono";
import type { Env } from "../kernel/env.ts";
import { invalidRequest } from "../kernel/errors.ts";
import { toPage } from "../kernel/pages.ts";
import { deleteResponse, findResponse } from "./responses-store.ts";

export const storedResponseRoutes = new Hono<Env>()
  .get("/:id", (c) => {
    const { show } = findResponse(c.req.param("id"));
    if (c.req.query("stream") === "true") throw invalidRequest("The emulation does not resume streams.", "stream");
    return c.json(show(Date.now()));
  })
  .delete("/:id", (c) => {
    const id = c.req.param("id");
    deleteResponse(id);
    return c.json({ id, object: "response", deleted: true });
  })
  .post("/:id/cancel", (c) => {
    const { cancel, show } = findResponse(c.req.param("id"));
    if (!cancel) throw invalidRequest("Cannot cancel a synchronous response.");
    cancel(Date.now());
    return c.json(show(Date.now()));
  })
  .get("/:id/input_items", (c) => c.json(toPage(findResponse(c.req.param("id")).items, c.req.query())));
