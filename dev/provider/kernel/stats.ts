// The route /__stats: GET reads the totals and the book, DELETE resets them.
// GET /__stats/billed/NAME reads the bills of one name.
// It is not part of OpenAI's API and needs no key.
import { Hono } from "hono";
import { readBills, readStats, resetStats } from "./exchange.ts";

export const stats = new Hono()
  .get("/", async (c) => c.json(await readStats()))
  .get("/billed/:name", (c) => c.json(readBills(c.req.param("name"))))
  .delete("/", (c) => {
    resetStats();
    return c.body(null, 204);
  });
