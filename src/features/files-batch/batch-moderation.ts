// Moderation and batches: where requests are moderated there are no batches, because their lines cannot be.

import type { Model } from "../../core/catalog/resolve.ts";
import type { Plan } from "../../core/catalog/schema.ts";
import { apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import type { Exchange } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import { openGate } from "../../core/gateway/gate.ts";
import { clock } from "../../core/gateway/request-state.ts";
import { emptyProgress } from "../../core/relay/answer.ts";

/** A batch as the gate sees it. It is never sent. */
const UNREADABLE: Exchange = {
  ask: {
    endpoint: "batch",
    needs: [],
    demand: { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined },
    subject: { text: "", images: [], unreadable: "file" },
    remains: "work",
    write: () => jsonBody("{}"),
  },
  reply: { kind: "json", read: (text) => ({ progress: emptyProgress(), allText: () => "", conclude: () => text }) },
};

/** Throws 400 when requests to the model are moderated under the plan. `param`: the field that names the file. */
export function requireUnmoderated(caller: Caller, plan: Plan, model: Model, param: string): void {
  try {
    openGate({ caller, key: "", plan, model, exchange: UNREADABLE, control: new AbortController(), clock });
  } catch (cause) {
    const message = "Requests are moderated here, and those of a batch cannot be. Send them one by one.";
    throw apiError("unsupported_value", message, { param, cause });
  }
}
