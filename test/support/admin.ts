// The operator of the Worker under test, with the admin token of worker-options.ts.

import { bindings, send } from "./workerd.ts";

/** Sends a request as the operator. */
export function asAdmin(path: string, init: RequestInit = {}): Promise<Response> {
  return send(path, { ...init, headers: { authorization: `Bearer ${bindings.ADMIN_TOKEN}` } });
}
