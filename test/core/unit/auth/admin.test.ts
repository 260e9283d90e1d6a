// Admin access. Tokens are compared by a function of the runtime, so the worker tests cover the rest.

import { describe, expect, it } from "vitest";
import { requireAdmin } from "../../../../src/core/auth/admin.ts";
import { refusalOf } from "../../../support/refusals.ts";

describe("without ADMIN_TOKEN", () => {
  it.each([undefined, "", "Bearer", "Bearer ", "Bearer undefined", "Bearer null"])(
    "every request is refused, also with the header %j",
    async (header) => {
      for (const env of [{}, { ADMIN_TOKEN: "" }]) {
        const error = await refusalOf(() => requireAdmin(header, env));
        expect(error).toMatchObject({ status: 401, body: { code: "invalid_api_key" } });
      }
    },
  );
});
