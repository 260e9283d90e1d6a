// The URL of an image in a request: on the web, or the image itself as data.

import * as v from "valibot";

export const ImageUrl = v.pipe(v.string(), v.regex(/^(https:\/\/|data:image\/)/, "must be an https or data:image URL"));
