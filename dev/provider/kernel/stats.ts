// The door to the totals: GET reads them, DELETE zeroes them. It is not part of OpenAI's API and asks for no key.
import { Hono } from "hono";
import { readTotals, zeroTotals } from "./exchange.ts";

export const stats = new Hono()
  .get("/", (c) => c.json(readTotals()))
  .delete("/", (c) => {
    zeroTotals();
    return c.body(null, 204);
  });
