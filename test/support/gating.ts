// The models that a refusal names.

/** The names in a refusal's "Models that do: …". */
export function modelsNamed(message: string): string[] {
  return /Models that do: ([^ ]+(?:, [^ ]+)*)\.(?: |$)/.exec(message)?.[1]?.split(", ") ?? [];
}
