// The schema of an image URL in a request: https, or a data URL.

import * as v from "valibot";

export const ImageUrl = v.pipe(v.string(), v.regex(/^(https:\/\/|data:image\/)/, "must be an https or data:image URL"));
