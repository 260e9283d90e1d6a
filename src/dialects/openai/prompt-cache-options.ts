// The schema of `prompt_cache_options`, which says what the provider caches and for how long.

import * as v from "valibot";

// Not accepted: `comparison_response_id`, which may name another user's answer, and `prewarm`, which gives no answer.
export const PromptCacheOptions = v.nullish(
  v.strictObject({
    mode: v.optional(v.picklist(["implicit", "explicit"])),
    ttl: v.optional(v.picklist(["30m", "12h"])),
  }),
);
