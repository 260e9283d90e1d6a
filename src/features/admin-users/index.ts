// The feature admin-users: /admin/users, a user's quota and the operator's changes to it.

import type { Feature } from "../../core/feature.ts";
import { userRoutes } from "./routes.ts";

export const adminUsers: Feature = {
  name: "admin-users",
  routes: [
    {
      path: "/admin/users",
      access: "admin",
      app: userRoutes,
      summary: "`GET`, `DELETE` of `/:id`, `GET /:id/export`, `POST /:id/changes`: one user's quota and data",
    },
  ],
};
