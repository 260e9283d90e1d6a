// Checks of the feature list, and the order in which routes are mounted.

import { Hono } from "hono";
import { afterAll, expect, it } from "vitest";
import type { AppEnv, Feature, Route } from "../../../src/core/feature.ts";
import { defineFeatures, routesOf } from "../../../src/core/feature.ts";
import { features as installed } from "../../../src/features.ts";

const route = (path: string, access: Route["access"]): Route => ({
  path,
  access,
  app: new Hono<AppEnv>(),
  summary: path,
});
const gate: NonNullable<Feature["gate"]> = { inputRequests: () => 0, open: () => undefined };

afterAll(() => void defineFeatures(installed));

it.each<[string, Feature[]]>([
  ["two features are named 'one'", [{ name: "one" }, { name: "one" }]],
  ["the feature 'one' needs 'other'", [{ name: "one", needs: ["other"] }]],
  [
    "two features have 'gate'",
    [
      { name: "one", gate },
      { name: "other", gate },
    ],
  ],
  ["the route /admin/x has access 'user'", [{ name: "one", routes: [route("/admin/x", "user")] }]],
  ["the route /x has access 'admin'", [{ name: "one", routes: [route("/x", "admin")] }]],
])("features are refused when %s", (message, features) => {
  expect(() => defineFeatures(features)).toThrow(message);
});

it("routes of a feature come before those of the features that it needs, in any order of the list", () => {
  const base: Feature = { name: "base", routes: [route("/x", "user")] };
  const middle: Feature = { name: "middle", needs: ["base"], routes: [route("/y", "user")] };
  const top: Feature = { name: "top", needs: ["middle"], routes: [route("/z", "user"), route("/open", "public")] };
  for (const features of [
    [base, middle, top],
    [top, base, middle],
  ]) {
    expect(routesOf(features, "user").map(({ path }) => path)).toEqual(["/z", "/y", "/x"]);
  }
  expect(routesOf([base, top, middle], "public").map(({ path }) => path)).toEqual(["/open"]);
});
