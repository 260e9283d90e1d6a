// The ApiError that some code throws.

import { ApiError } from "../../src/core/errors.ts";

/** The ApiError that `work` throws, at once or later. Any other outcome fails the test. */
export async function refusalOf(work: () => unknown): Promise<ApiError> {
  try {
    await work();
  } catch (thrown) {
    if (thrown instanceof ApiError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was refused");
}
