// The interface of a feature of the emulated provider: routes, script keys and hooks.
// The kernel and the dialects call the hooks and import no feature.
import type { Hono } from "hono";
import type { JsonObject } from "./body.ts";
import type { ModelSource } from "./catalog.ts";
import type { Env } from "./env.ts";
import type { OutputFormat } from "./request/output-format.ts";
import type { HostedTools, ResponsesState } from "./responses-hooks.ts";
import { KERNEL_SCRIPT_RULES, type ScriptedText, type ScriptRules, splitScript } from "./script.ts";
import type { FindFile } from "./uploaded-files.ts";

/** Everything but `name` is optional. Without a hook the provider behaves as if it lacked the feature. */
export interface ProviderFeature {
  name: string;
  /** Hono apps, by the path that each is mounted at. */
  routes?: Record<string, Hono<Env>>;
  /** Keys that a script may have because of this feature. The feature also declares them in the type `Script`. */
  scriptRules?: ScriptRules;
  /** Replaces the script of a request, or returns undefined. The first feature that returns a script wins. */
  readScript?: (lastUserText: string, format: OutputFormat) => ScriptedText | undefined;
  /** Opens the stored state that a Responses request refers to. Only one feature may have this hook. */
  openState?: (body: JsonObject) => ResponsesState;
  /** Tools that the provider runs itself while it answers a Responses request. */
  hostedTools?: HostedTools;
  /** Paths whose POST requests have a body that their handler reads as a stream. */
  uploadPaths?: string[];
  /** Finds an uploaded file. Only one feature may have this hook. */
  findFile?: FindFile;
  /** Models that exist because of this feature. */
  models?: ModelSource;
  /** Runs the work that is due by now, so that the statistics have it. */
  catchUp?: () => Promise<void>;
}

/** The hooks of all features, as the dialects call them. */
export interface ProviderHooks {
  /**
   * Returns the script of a request and the question below it. Tokens are `paceMs` apart unless the script sets
   * `delay_ms`. Throws a 400 that names `param` when the script is not valid.
   */
  readScript(lastUserText: string, format: OutputFormat, paceMs: number, param: string): ScriptedText;
  openState: ProviderFeature["openState"];
  hostedTools: HostedTools[];
  uploadPaths: string[];
  findFile: FindFile | undefined;
  catchUp: () => Promise<void>;
}

/** Combines the hooks of the features. Throws when two features have a hook that only one may have. */
export function collectHooks(features: readonly ProviderFeature[]): ProviderHooks {
  const rules: ScriptRules = Object.assign({}, KERNEL_SCRIPT_RULES, ...features.map((feature) => feature.scriptRules));
  return {
    readScript(lastUserText, format, paceMs, param) {
      for (const feature of features) {
        const replaced = feature.readScript?.(lastUserText, format);
        if (replaced) return { ...replaced, script: { delay_ms: paceMs, ...replaced.script } };
      }
      const { script, question } = splitScript(lastUserText, rules, param);
      return { script: script ?? { delay_ms: paceMs }, question };
    },
    openState: onlyOne(
      "openState",
      features.map((feature) => feature.openState),
    ),
    hostedTools: features.flatMap((feature) => feature.hostedTools ?? []),
    uploadPaths: features.flatMap((feature) => feature.uploadPaths ?? []),
    findFile: onlyOne(
      "findFile",
      features.map((feature) => feature.findFile),
    ),
    async catchUp() {
      for (const feature of features) await feature.catchUp?.();
    },
  };
}

function onlyOne<Hook>(name: string, hooks: (Hook | undefined)[]): Hook | undefined {
  const [first, second] = hooks.filter((hook) => hook !== undefined);
  if (second !== undefined) throw new Error(`Only one feature may have the hook '${name}'.`);
  return first;
}
