// A picture in a request: where it is on the web, or itself.

import * as v from "valibot";

export const ImageUrl = v.pipe(v.string(), v.regex(/^(https:\/\/|data:image\/)/, "must be an https or data:image URL"));
