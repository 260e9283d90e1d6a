// Reads server-sent events from a response. An EventSource cannot send a POST or a token.

/**
 * Yields the events of a stream, with parsed data. The name of an event without one is "text". Events of a run have an
 * `id`, with which a request continues the stream.
 * @param {Response} response
 * @returns {AsyncGenerator<{ name: string, data: any, id: string }>}
 */
export async function* readEvents(response) {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parse(block);
        if (event) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** @param {string} block */
function parse(block) {
  let name = "text";
  let data = "";
  let id = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    if (line.startsWith("data:")) data += line.slice(5);
    if (line.startsWith("id:")) id = line.slice(3).trim();
  }
  return data === "" ? undefined : { name, data: JSON.parse(data), id };
}
