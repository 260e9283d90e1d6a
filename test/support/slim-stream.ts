// A strict reader of slim streams: anything that is not a slim event fails the test.

/** One slim event. `text` has no name on the wire. Adjacent texts are joined, because a relay may join them, too. */
export interface SlimEvent {
  name: "text" | "thinking" | "tool" | "done" | "failed";
  data: unknown;
}

const EVENT = /^(?:event:(thinking|tool|done|failed)\n)?data:([^\n\r]+)$/;

/** The events of an answer. Throws on a comment, an unknown event, a name without data, or data that is not JSON. */
export function readSlim(bytes: Uint8Array): SlimEvent[] {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  if (text !== "" && !text.endsWith("\n\n")) throw new Error(`not whole events: ${text.slice(-100)}`);
  const events: SlimEvent[] = [];
  for (const block of text.split("\n\n").slice(0, -1)) {
    const [, name, json] = EVENT.exec(block) ?? [];
    if (json === undefined) throw new Error(`not a slim event: ${block}`);
    const data: unknown = JSON.parse(json);
    const last = events.at(-1);
    const kind = (name ?? "text") as SlimEvent["name"];
    const isText = kind === "text" || kind === "thinking";
    if (isText && typeof data !== "string") throw new Error(`not text: ${json}`);
    if (isText && last?.name === kind) last.data = `${String(last.data)}${String(data)}`;
    else events.push({ name: kind, data });
  }
  return events;
}

/** The text that the events append up to. */
export const slimText = (events: SlimEvent[]): string =>
  events.map(({ name, data }) => (name === "text" ? String(data) : "")).join("");
