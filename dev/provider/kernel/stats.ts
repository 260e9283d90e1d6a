// The route /__stats: GET reads the totals, DELETE resets them.
// It is not part of OpenAI's API and needs no key.
import { Hono } from "hono";
import { readTotals, resetTotals } from "./exchange.ts";

export const stats = new Hono()
  .get("/", (c) => c.json(readTotals()))
  .delete("/", (c) => {
    resetTotals();
    return c.body(null, 204);
  });
