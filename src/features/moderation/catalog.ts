// What may be said: a policy is data. Part of the catalog's schema.

import * as v from "valibot";
import { Name } from "../../core/catalog/card.ts";

/** What is done with something, from the mildest on. */
export const ACTIONS = ["allow", "review", "block"] as const;
export type Action = (typeof ACTIONS)[number];

/** The categories of omni-moderation. */
export const CATEGORIES = [
  "harassment",
  "harassment/threatening",
  "hate",
  "hate/threatening",
  "illicit",
  "illicit/violent",
  "self-harm",
  "self-harm/instructions",
  "self-harm/intent",
  "sexual",
  "sexual/minors",
  "violence",
  "violence/graphic",
] as const;

const Action = v.picklist(ACTIONS);
const Characters = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000));

const Threshold = v.strictObject({
  /** The score from which on the action is taken. */
  from: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  action: Action,
});

/** How an answer is cut into pieces that are judged before they are sent. */
const Window = v.strictObject({
  max_chars: v.optional(Characters, 400),
  /** How long text waits for more of its sentence. */
  max_ms: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(60_000)), 700),
  /** So much of what was judged before is judged again, so that no phrase is cut by a border. */
  overlap_chars: v.optional(Characters, 200),
});

export const Policy = v.strictObject({
  /** The model that classifies. */
  classifier: v.optional(Name, "omni-moderation-latest"),
  categories: v.optional(v.record(v.picklist(CATEGORIES), Threshold), {}),
  /** What is done with a category that the classifier flags and that is not named above. */
  otherwise: v.optional(Action, "block"),
  /** Told to the model that judges by the rules. */
  instructions: v.optional(v.pipe(v.string(), v.minLength(1))),
  /** The app's own rules by name, in words; judged where text is sent to /moderate. */
  rules: v.optional(v.record(Name, v.pipe(v.string(), v.minLength(1))), {}),
  /** The model that judges by the rules. */
  judge: v.optional(Name, "default"),
  /** When the classifier does not answer. */
  on_failure: v.optional(v.picklist(["block", "allow"]), "block"),
  window: v.optional(Window, {}),
});

/** From the mildest on. */
const INPUTS = ["off", "parallel", "before"] as const;
const OUTPUTS = ["off", "window"] as const;

/** What of a chat is held against which policy. */
export const Moderation = v.strictObject({
  /** `parallel`: while the model begins to answer; `before`: before it is asked. */
  input: v.optional(v.picklist(INPUTS)),
  /** `window`: text is sent when the window that holds it has been judged. */
  output: v.optional(v.picklist(OUTPUTS)),
  policy: v.optional(Name),
});

export type Policy = v.InferOutput<typeof Policy>;
/** What is done, with nothing left open. */
export type Moderation = Required<{
  [Name in keyof v.InferOutput<typeof Moderation>]: NonNullable<v.InferOutput<typeof Moderation>[Name]>;
}>;

type Said = v.InferOutput<typeof Moderation> | undefined;

/** The stricter of what several say, field by field; the policy is the first that is named. */
export function stricter(all: Said[]): Moderation {
  return {
    input: INPUTS.findLast((input) => all.some((said) => said?.input === input)) ?? "off",
    output: OUTPUTS.findLast((output) => all.some((said) => said?.output === output)) ?? "off",
    policy: all.find((said) => said?.policy !== undefined)?.policy ?? "default",
  };
}
