// POST /moderate: a verdict on text and images under a policy of the catalog.

import { Hono } from "hono/tiny";
import { ModerateRequest } from "../endpoints/moderate.ts";
import type { AppEnv } from "../env.ts";
import { moderate as moderated } from "../moderate.ts";
import { readBody } from "./body.ts";
import { callerOf } from "./caller.ts";

export const moderate = new Hono<AppEnv>().post("/", async (c) =>
  moderated(callerOf(c), await readBody(c.req, ModerateRequest)),
);
