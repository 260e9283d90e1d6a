// The checks that all features together must pass, and the order in which their routes are mounted.

import { Hono } from "hono";
import { afterAll, describe, expect, it } from "vitest";
import type { AppEnv, Feature, Route } from "../../../src/core/feature.ts";
import { defineFeatures, routesOf } from "../../../src/core/feature.ts";

const route = (path: string, access: Route["access"]): Route => ({
  path,
  access,
  app: new Hono<AppEnv>(),
  summary: path,
});
const gate: NonNullable<Feature["gate"]> = { open: () => undefined };

afterAll(() => void defineFeatures([]));

describe("features that do not fit together", () => {
  it.each<[string, Feature[], string]>([
    ["have the same name", [{ name: "one" }, { name: "one" }], "two features are called 'one'"],
    ["lack one that they need", [{ name: "one", needs: ["other"] }], "the feature 'one' needs 'other'"],
    [
      "moderate twice",
      [
        { name: "one", gate },
        { name: "other", gate },
      ],
      "two features have a gate",
    ],
    ["show an admin route to users", [{ name: "one", routes: [route("/admin/x", "user")] }], "/admin/x"],
    ["put an admin route elsewhere", [{ name: "one", routes: [route("/x", "admin")] }], "/x"],
  ])("%s", (_, features, message) => {
    expect(() => defineFeatures(features)).toThrow(message);
  });
});

describe("routes", () => {
  it("of a feature come before those of the features that it needs, whatever the order of the manifest", () => {
    const base: Feature = { name: "base", routes: [route("/x", "user")] };
    const middle: Feature = { name: "middle", needs: ["base"], routes: [route("/y", "user")] };
    const top: Feature = { name: "top", needs: ["middle"], routes: [route("/z", "user"), route("/open", "public")] };
    for (const features of [
      [base, middle, top],
      [middle, base, top],
      [top, base, middle],
    ]) {
      expect(routesOf(features, "user").map(({ path }) => path)).toEqual(["/z", "/y", "/x"]);
    }
    expect(routesOf([base, top, middle], "public").map(({ path }) => path)).toEqual(["/open"]);
  });
});
