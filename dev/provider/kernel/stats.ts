// The route /__stats: GET reads the totals and the book, DELETE resets them.
// It is not part of OpenAI's API and needs no key.
import { Hono } from "hono";
import { readStats, resetStats } from "./exchange.ts";

export const stats = new Hono()
  .get("/", (c) => c.json(readStats()))
  .delete("/", (c) => {
    resetStats();
    return c.body(null, 204);
  });
