// Which URLs of an operator may carry secrets.

/** Whether an operator's URL may carry secrets: https anywhere, plain http only to this machine. */
export function isSecureUrl(url: string): boolean {
  const parsed = URL.parse(url);
  if (!parsed) return false;
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(parsed.hostname);
  return parsed.protocol === "https:" || (parsed.protocol === "http:" && loopback);
}
