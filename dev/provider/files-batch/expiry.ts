// The expiration policy of a file: seconds after its creation.
import { isObject } from "../kernel/body.ts";
import { invalidRequest, invalidType, invalidValue, missingParameter } from "../kernel/errors.ts";

const MIN_SECONDS = 3600;
const MAX_SECONDS = 2_592_000;

/** The lifetime in seconds; undefined without a policy. Throws OpenAI's 400 for an invalid one. */
export function readExpiry(policy: unknown, param: string): number | undefined {
  if (policy === undefined || policy === null) return undefined;
  if (!isObject(policy)) throw invalidType(param, "an object", policy);
  const { anchor, seconds } = policy;
  if (anchor === undefined) throw missingParameter(`${param}.anchor`);
  if (anchor !== "created_at") throw invalidValue(`${param}.anchor`, anchor, ["created_at"]);
  if (typeof seconds !== "number" || !Number.isInteger(seconds)) {
    throw invalidType(`${param}.seconds`, "an integer", seconds);
  }
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return seconds;
  const message = `Invalid '${param}.seconds': expected a value from ${MIN_SECONDS} to ${MAX_SECONDS}, but got ${seconds} instead.`;
  throw invalidRequest(message, `${param}.seconds`, "invalid_value");
}
