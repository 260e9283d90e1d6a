// The schema of an image URL in a request: https, or a data URL.

import * as v from "valibot";

const MAX_HTTPS_LENGTH = 8192;

export const ImageUrl = v.pipe(
  v.string(),
  v.regex(/^(https:\/\/|data:image\/)/, "must be an https or data:image URL"),
  v.check(
    (url) => url.startsWith("data:") || (url.length <= MAX_HTTPS_LENGTH && URL.canParse(url)),
    `must be a valid URL of at most ${MAX_HTTPS_LENGTH} characters`,
  ),
);
