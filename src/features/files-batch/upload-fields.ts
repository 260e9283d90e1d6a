// The fields of an upload beside the file.

import * as v from "valibot";
import { apiError } from "../../core/errors.ts";
import { validate } from "../../core/http/json-body.ts";

const PURPOSES = ["batch", "fine-tune", "vision", "user_data"] as const;

export type Purpose = (typeof PURPOSES)[number];

const MIN_EXPIRY_S = 3600;
const MAX_EXPIRY_S = 2_592_000;
const isExpiry = (seconds: string) =>
  /^\d{4,7}$/.test(seconds) && Number(seconds) >= MIN_EXPIRY_S && Number(seconds) <= MAX_EXPIRY_S;

const EXPIRY_SECONDS = "expires_after[seconds]";
const EXPIRY_ANCHOR = "expires_after[anchor]";

const FIELDS = {
  purpose: v.picklist(PURPOSES),
  [EXPIRY_ANCHOR]: v.literal("created_at"),
  [EXPIRY_SECONDS]: v.pipe(
    v.string(),
    v.check(isExpiry, `must be a whole number from ${MIN_EXPIRY_S} to ${MAX_EXPIRY_S}`),
  ),
};

export type FieldName = keyof typeof FIELDS;

/** Tests if a part of the form is one of the fields. */
export const isFieldName = (name: string): name is FieldName => Object.hasOwn(FIELDS, name);

/** Validates one field. Throws 400 `invalid_request` with its name. */
export function requireField(name: FieldName, text: string): void {
  validate(v.strictObject({ [name]: FIELDS[name] }), { [name]: text });
}

/** Returns the purpose of a form whose fields are valid. Throws 400 when a field is missing. */
export function purposeIn(fields: Map<FieldName, string>): Purpose {
  const needed: FieldName[] = ["purpose"];
  if (fields.has(EXPIRY_ANCHOR)) needed.push(EXPIRY_SECONDS);
  if (fields.has(EXPIRY_SECONDS)) needed.push(EXPIRY_ANCHOR);
  const missing = needed.find((name) => !fields.has(name));
  if (missing !== undefined) throw apiError("invalid_request", `'${missing}' is required.`, { param: missing });
  return fields.get("purpose") as Purpose;
}
