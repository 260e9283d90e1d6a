// Requests with a JSON body.

/** A POST as in Hono's context, with a value as JSON, or with text or bytes. */
export function postRequest(body: unknown): { raw: Request } {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init = { method: "POST", body: body instanceof Uint8Array ? new Uint8Array(body) : text };
  return { raw: new Request("http://weir.test/", init) };
}
