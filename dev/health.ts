// Describes the answer of GET /healthz in words.

/** Returns the reason why Weir does not work and what to do, or undefined when it is ready. */
export function troubleOf(status: number, body: string): string | undefined {
  if (status === 200) return undefined;
  const { message, code } = errorOf(body);
  const reason = message ?? "The log above shows why.";
  if (code === "not_configured") return `${reason} Correct wrangler.toml or .dev.vars, and it starts again.`;
  return `GET /healthz answers ${status}. ${reason}`;
}

function errorOf(body: string): { message?: string; code?: string } {
  try {
    return (JSON.parse(body) as { error?: object }).error ?? {};
  } catch {
    return {};
  }
}
