// The interface of a feature, and the checks across all features.

import type { Hono } from "hono";
import type { CatalogSection } from "./catalog/sections.ts";
import { installSections } from "./catalog/sections.ts";
import type { Endpoint } from "./catalog/endpoints.ts";
import type { Bindings } from "./env.ts";
import { InternalError } from "./errors.ts";
import type { BatchRoute } from "./gateway/batch-route.ts";
import type { Caller } from "./gateway/call.ts";
import type { Gate } from "./gateway/gate.ts";
import { installGate } from "./gateway/gate.ts";
import type { OwnModels } from "./gateway/own-models.ts";
import { installOwnModels } from "./gateway/own-models.ts";
import type { FindFiles } from "./gateway/uploaded-files.ts";
import { installFiles } from "./gateway/uploaded-files.ts";
import type { JobKind } from "./jobs/job-kind.ts";

/** Hono's context in every route. `caller` is set on routes with the access `user`. */
export interface AppEnv {
  Bindings: Bindings;
  Variables: { requestId: string; caller: Caller };
}

/** Required credentials: none, a user's token, or ADMIN_TOKEN. */
export type Access = "public" | "user" | "admin";

export interface Route {
  /** The mount path. Admin routes, and only they, start with /admin/. */
  path: string;
  access: Access;
  app: Hono<AppEnv>;
  /** One line for the README's route table. */
  summary: string;
}

type WaitUntil = (work: Promise<unknown>) => void;

/** One removable folder of src/features, with one line in src/features.ts. Everything but `name` is optional. */
export interface Feature {
  /** The folder's name. */
  name: string;
  /** Features that it imports. */
  needs?: string[];
  routes?: Route[];
  /** Endpoints of model cards that its routes serve. */
  serves?: Endpoint[];
  /** Fields and checks that it adds to the catalog. */
  catalog?: CatalogSection;
  /** Moderates every request. At most one feature has a gate. */
  gate?: Gate;
  /** Routes whose requests can be lines of a batch. */
  batchRoutes?: BatchRoute[];
  /** Kinds of jobs that it creates. */
  jobs?: JobKind[];
  /** Finds files that users have uploaded. At most one feature has it. */
  findFiles?: FindFiles;
  /** Models of single users. At most one feature has it. */
  ownModels?: OwnModels;
  /** Faults of the bindings and variables that it needs. Each begins with a name and says what to do. */
  configurationFaults?(env: Bindings): string[];
  /** Fields that it adds to GET /healthz; `now` in epoch ms. Must not throw. */
  health?(env: Bindings, now: number): Promise<Record<string, unknown>>;
  /** Deletes what it stores about the user whose objects have that name. Repeated calls must be safe. */
  deleteUser?(env: Bindings, objectName: string): Promise<void>;
  /** Runs in the daily cron; `now` in epoch ms. */
  scheduled?(env: Bindings, now: number, waitUntil: WaitUntil): Promise<void>;
}

/**
 * Checks the features, and installs their catalog sections, gate and endpoints in the core. Throws an InternalError on
 * a conflict.
 */
export function defineFeatures(features: Feature[]): Feature[] {
  const names = features.map(({ name }) => name);
  for (const { name, needs = [], routes = [] } of features) {
    if (names.indexOf(name) !== names.lastIndexOf(name))
      throw new InternalError(`two features are named '${name}': rename one`);
    const missing = needs.find((need) => !names.includes(need));
    if (missing !== undefined)
      throw new InternalError(`the feature '${name}' needs '${missing}', which is not in features.ts`);
    const misplaced = routes.find(({ path, access }) => path.startsWith("/admin/") !== (access === "admin"));
    if (misplaced)
      throw new InternalError(
        `the route ${misplaced.path} has access '${misplaced.access}': use 'admin' under /admin/, and only there`,
      );
  }
  installSections(features.flatMap(({ catalog }) => catalog ?? []));
  installGate(onlyOne(features, "gate"));
  installFiles(onlyOne(features, "findFiles"));
  installOwnModels(onlyOne(features, "ownModels"));
  servedEndpoints = new Set(features.flatMap(({ serves }) => serves ?? []));
  defined = features;
  return features;
}

/** Returns the value of the only feature that has the field. Throws an InternalError when two have it. */
function onlyOne<Field extends "gate" | "findFiles" | "ownModels">(
  features: Feature[],
  field: Field,
): Feature[Field] | undefined {
  const having = features.filter((feature) => feature[field]);
  if (having.length > 1) throw new InternalError(`two features have '${field}': remove one`);
  return having[0]?.[field];
}

let servedEndpoints = new Set<Endpoint>();

let defined: Feature[] = [];

/** Deletes what all features store about the user whose objects have that name. */
export async function deleteUserData(env: Bindings, objectName: string): Promise<void> {
  await Promise.all(defined.map(async (feature) => feature.deleteUser?.(env, objectName)));
}

/** Returns the routes whose requests can be lines of a batch. */
export const batchRoutes = (): BatchRoute[] => defined.flatMap((feature) => feature.batchRoutes ?? []);

/** Returns a kind of jobs by its name; undefined when its feature was removed. */
export const jobKindOf = (name: string): JobKind | undefined =>
  defined.flatMap((feature) => feature.jobs ?? []).find((kind) => kind.name === name);

/** Tests if a route of the features serves an endpoint of model cards. */
export const hasRouteFor = (endpoint: Endpoint): boolean => servedEndpoints.has(endpoint);

/**
 * Returns the routes with one kind of access, in mount order. A feature's routes precede those of the features that it
 * needs, so that it can override their paths.
 */
export function routesOf(features: Feature[], access: Access): Route[] {
  const depthOf = ({ needs = [] }: Feature): number =>
    Math.max(0, ...features.filter(({ name }) => needs.includes(name)).map((need) => depthOf(need) + 1));
  const ordered = features.toSorted((one, other) => depthOf(other) - depthOf(one));
  return ordered.flatMap(({ routes = [] }) => routes).filter((route) => route.access === access);
}
