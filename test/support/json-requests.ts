// Requests with a JSON body.

/** A POST with a value as JSON, or with text or bytes. */
export function postRequest(body: unknown): Request {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Request("http://weir.test/", {
    method: "POST",
    body: body instanceof Uint8Array ? new Uint8Array(body) : text,
  });
}
