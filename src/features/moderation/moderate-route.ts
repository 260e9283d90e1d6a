// POST /moderate: a verdict on text and images under a policy of the catalog.

import { Hono } from "hono/tiny";
import { ModerateRequest } from "./moderate-wire.ts";
import type { AppEnv } from "../../core/env.ts";
import { moderate as moderated } from "./moderate.ts";
import { readBody } from "../../core/json-body.ts";
import { callerOf } from "../../core/caller.ts";

export const moderate = new Hono<AppEnv>().post("/", async (c) =>
  moderated(callerOf(c), await readBody(c.req, ModerateRequest)),
);
