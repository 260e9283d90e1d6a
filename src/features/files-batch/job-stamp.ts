// The stamp of a job: metadata at the provider that name its reservation and its user. Users do not see them.

import * as v from "valibot";
import { mapOf, textUpTo } from "../../core/http/bounded-schemas.ts";
import type { Job } from "../../core/jobs/job-kind.ts";

const KEY = "weir_job";
const OWNER = "weir_user";
/** Names that users cannot set. */
const RESERVED = /^weir_/;

/** The metadata that a user can give a job. OpenAI allows 16 pairs, and the stamp has two. */
export const JobMetadata = v.pipe(
  mapOf(textUpTo(512), 14),
  v.check((given) => Object.keys(given).every((name) => name.length <= 64), "must have names of at most 64 characters"),
  v.check(
    (given) => !Object.keys(given).some((name) => RESERVED.test(name)),
    "must have no names that begin with weir_",
  ),
);

/** Adds the stamp to the metadata of a job. */
export const withJobStamp = (metadata: Record<string, string>, { key, owner }: Pick<Job, "key" | "owner">) => ({
  ...metadata,
  [KEY]: key,
  [OWNER]: owner,
});

const Stamped = v.object({ metadata: v.object({ [KEY]: v.string() }) });

/** Tests if the provider's object has the stamp of the job with that key. */
export const hasJobStamp = (object: unknown, key: string): boolean =>
  v.is(Stamped, object) && object.metadata[KEY] === key;

/** Writes the provider's object for its user: without the stamp. */
export function toUserText(object: Record<string, unknown>): string {
  const own = Object.entries(object["metadata"] ?? {}).filter(([name]) => !RESERVED.test(name));
  return JSON.stringify({ ...object, metadata: own.length === 0 ? null : Object.fromEntries(own) });
}
