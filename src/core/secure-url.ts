// Check for operator URLs that receive secrets.

/** Tests if a URL is safe for secrets: https to any host, plain http only to localhost. */
export function isSecureUrl(url: string): boolean {
  const parsed = URL.parse(url);
  if (!parsed) return false;
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(parsed.hostname);
  return parsed.protocol === "https:" || (parsed.protocol === "http:" && loopback);
}
