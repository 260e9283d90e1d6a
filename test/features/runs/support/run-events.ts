// The events of a run as a client reads them, and what its parts add up to.

/** An event with its id. "text" for an event without a name. */
export interface ReceivedEvent {
  id: number;
  name: string;
  data: string;
}

const EVENT = /^id:(\d+)\n(?:event:(thinking|tool|done|failed)\n)?data:([^\n\r]+)$/;

/** The whole events of a stream so far. Throws on anything but comments, `retry` and numbered events in order. */
export function readRunEvents(text: string): ReceivedEvent[] {
  const events: ReceivedEvent[] = [];
  for (const block of text.split("\n\n").slice(0, -1)) {
    if (block === ":" || block === "retry:1000") continue;
    const [, id, name = "text", data] = EVENT.exec(block) ?? [];
    if (id === undefined || data === undefined) throw new Error(`not an event of a run: ${block}`);
    if (Number(id) <= (events.at(-1)?.id ?? 0)) throw new Error(`the ids do not rise: ${text}`);
    events.push({ id: Number(id), name, data });
  }
  return events;
}

export const lastIdOf = (events: ReceivedEvent[]): number => events.at(-1)?.id ?? 0;

/** All events in one text, in which merged and single texts are equal, and the id of the last one. */
export function transcriptOf(events: ReceivedEvent[]): string {
  const pieces = events.map(({ name, data }, index) => {
    if (name !== "text" && name !== "thinking") return `\n${name} ${data}`;
    const said = data.slice(1, -1);
    return events[index - 1]?.name === name ? said : `\n${name} ${said}`;
  });
  return `${pieces.join("")}\nends at ${lastIdOf(events)}`;
}

/** The transcript of what was received before a cut and after it. Throws when an event was received twice. */
export function joined(...parts: ReceivedEvent[][]): string {
  const events = parts.flat();
  const doubled = events.find(({ id }, index) => index > 0 && id <= (events[index - 1]?.id ?? 0));
  if (doubled) throw new Error(`event ${doubled.id} was received again`);
  return transcriptOf(events);
}

/** The text of the events. */
export const saidIn = (events: ReceivedEvent[]): string =>
  events.map(({ name, data }) => (name === "text" ? (JSON.parse(data) as string) : "")).join("");

interface Closing {
  finish?: string;
  usage?: { input: number; output: number; usd: number };
  error?: { code: string };
}

/** The data of the last event, which must be the only `done` or `failed`. */
export function closingOf(events: ReceivedEvent[]): Closing {
  const closing = events.filter(({ name }) => name === "done" || name === "failed");
  if (closing.length !== 1 || closing[0] !== events.at(-1)) throw new Error(`not one ending: ${transcriptOf(events)}`);
  return JSON.parse(closing[0]?.data ?? "") as Closing;
}

/** Reads a run's stream as far as a test wants. */
export function openReader({ body }: Response) {
  if (!body) throw new Error("there is no body");
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const events = () => readRunEvents(text);
  const readOn = async (isEnough: () => boolean): Promise<ReceivedEvent[]> => {
    while (!isEnough()) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
    return events();
  };
  return {
    events,
    text: () => text,
    /** Reads until the event with that id has arrived. */
    until: (id: number) => readOn(() => lastIdOf(events()) >= id),
    /** Reads to the end. Rejects when the connection breaks. */
    rest: () => readOn(() => false),
    /** Leaves, as a phone that loses its connection. */
    cut: () => reader.cancel(),
  };
}
