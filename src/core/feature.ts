// The interface that a feature implements, and the checks that all features together must pass.

import type { Hono } from "hono";
import type { CatalogSection } from "./catalog/sections.ts";
import { installSections } from "./catalog/sections.ts";
import type { Endpoint } from "./catalog/endpoints.ts";
import type { Bindings } from "./env.ts";
import { InternalError } from "./errors.ts";
import type { Caller } from "./gateway/call.ts";
import type { Gate } from "./gateway/gate.ts";
import { installGate } from "./gateway/gate.ts";

/** Hono's context in every route. `caller` is set on routes with the access `user`. */
export interface AppEnv {
  Bindings: Bindings;
  Variables: { requestId: string; caller: Caller };
}

/** Who may call a route: anybody, a user with a valid token, or an operator with ADMIN_TOKEN. */
export type Access = "public" | "user" | "admin";

export interface Route {
  /** Where the app is mounted. Admin routes begin with /admin/, and no other route does. */
  path: string;
  access: Access;
  app: Hono<AppEnv>;
  /** One line for the table of routes in the README. */
  summary: string;
}

type WaitUntil = (work: Promise<unknown>) => void;

/** One removable capability: a folder of src/features with one line in src/features.ts. All but `name` is optional. */
export interface Feature {
  /** The name of its folder. */
  name: string;
  /** Features that it imports. */
  needs?: string[];
  routes?: Route[];
  /** Endpoints of model cards that its routes serve. */
  serves?: Endpoint[];
  /** What it adds to the catalog's schema. */
  catalog?: CatalogSection;
  /** Moderation of every request. At most one feature has it. */
  gate?: Gate;
  /** Facts that it adds to GET /healthz. Must not throw. */
  health?(env: Bindings, now: number): Promise<Record<string, unknown>>;
  /** Work of the daily cron; `now` in epoch ms. */
  scheduled?(env: Bindings, now: number, waitUntil: WaitUntil): Promise<void>;
}

/** Checks that features fit together, and installs what they hand to the core. Throws when they do not fit. */
export function defineFeatures(features: Feature[]): Feature[] {
  const names = features.map(({ name }) => name);
  for (const { name, needs = [], routes = [] } of features) {
    if (names.indexOf(name) !== names.lastIndexOf(name)) throw new InternalError(`two features are called '${name}'`);
    const missing = needs.find((need) => !names.includes(need));
    if (missing !== undefined) throw new InternalError(`the feature '${name}' needs '${missing}'`);
    const misplaced = routes.find(({ path, access }) => path.startsWith("/admin/") !== (access === "admin"));
    if (misplaced)
      throw new InternalError(`the route ${misplaced.path} must be under /admin/ exactly if it is for admins`);
  }
  const gates = features.flatMap(({ gate }) => gate ?? []);
  if (gates.length > 1) throw new InternalError("two features have a gate");
  installSections(features.flatMap(({ catalog }) => catalog ?? []));
  installGate(gates[0]);
  return features;
}

/**
 * The routes with that access, in the order in which they are mounted. The routes of a feature come before those of the
 * features that it needs, so that it can take over a path of theirs.
 */
export function routesOf(features: Feature[], access: Access): Route[] {
  const depthOf = ({ needs = [] }: Feature): number =>
    Math.max(0, ...features.filter(({ name }) => needs.includes(name)).map((need) => depthOf(need) + 1));
  const ordered = features.toSorted((one, other) => depthOf(other) - depthOf(one));
  return ordered.flatMap(({ routes = [] }) => routes).filter((route) => route.access === access);
}
