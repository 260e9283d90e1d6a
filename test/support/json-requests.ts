// Requests as a caller sends them, for what reads a body.

/** A POST whose body is that value as JSON, or those very bytes or characters. */
export function postRequest(body: unknown): Request {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Request("http://weir.test/", {
    method: "POST",
    body: body instanceof Uint8Array ? new Uint8Array(body) : text,
  });
}
