// Large bodies: JSON of almost 4 MB that could take many times its size, photos, and recordings of 10 MB.

import { silentWav } from "./attack-media-rows.ts";

export interface HostileBody {
  path: string;
  body: string | FormData;
}

const BYTES = 4_000_000;
const CHAT = '"model":"default","messages":[{"role":"user","content":"Hi"}]';
const LETTERS = "x".repeat(BYTES);

/** A list with as many entries as fit. */
const listOf = (entry: string) => `[${`${entry},`.repeat(BYTES / (entry.length + 1) - 1)}${entry}]`;

/** An object with as many fields as fit. */
function wideObject(value: string): string {
  let text = "";
  for (let index = 0; text.length < BYTES - 100; index++) text += `"k${index}":${value},`;
  return `{${text.slice(0, -1)}}`;
}

const WIDE = wideObject("0");
const NESTED = wideObject('{"a":{}}');
const VALUES = [listOf("0"), listOf("[]"), listOf("{}"), listOf('""'), WIDE, NESTED];

const chat = (field: string, value: string) => ({
  path: "/v1/chat/completions",
  body: `{${CHAT},"${field}":${value}}`,
});
const slim = (field: string, value: string) => ({ path: "/chat", body: `{"input":"Hi","${field}":${value}}` });
const input = (path: string, value: string) => ({ path, body: `{"model":"default","input":${value}}` });
const responses = (field: string, value: string) => ({
  path: "/v1/responses",
  body: `{"model":"default","input":"Hi","${field}":${value}}`,
});
const messages = (value: string) => ({
  path: "/v1/chat/completions",
  body: `{"model":"default","messages":${value}}`,
});
const content = (value: string) => messages(`[{"role":"user","content":${value}}]`);
const tool = (parameters: string) => `[{"type":"function","function":{"name":"f","parameters":${parameters}}}]`;
const photo = (text: string) =>
  content(
    `[{"type":"text","text":"${text}"},{"type":"image_url","image_url":{"url":"data:image/png;base64,${LETTERS}"}}]`,
  );

/** Forty bodies. Each differs in its endpoint, its field or its kind of value. */
export function hostileBodies(): HostileBody[] {
  return [
    ...VALUES.map((value) => chat("stop", value)),
    chat("logit_bias", WIDE),
    chat("metadata", wideObject('""')),
    chat("tools", tool(NESTED)),
    chat("tools", listOf('{"type":"function"}')),
    chat("functions", listOf("[]")),
    chat("prediction", listOf("0")),
    chat("response_format", `{"type":"json_schema","json_schema":${NESTED}}`),
    chat("tool_choice", listOf("{}")),
    chat("modalities", listOf('"text"')),
    messages(listOf('{"role":"user"}')),
    content(listOf('{"type":"text"}')),
    content(listOf('{"type":"image_url","image_url":{"url":""}}')),
    content(`"${LETTERS}"`),
    content(`"堰${LETTERS}"`),
    content(`"${"\\u0000".repeat(BYTES / 6)}"`),
    photo(""),
    responses("include", listOf('""')),
    responses("metadata", NESTED),
    responses("tools", `[{"type":"function","name":"f","parameters":${NESTED}}]`),
    responses("text", `{"format":{"type":"json_schema","schema":${WIDE}}}`),
    input("/v1/responses", listOf("{}")),
    input("/v1/responses", listOf('{"role":"user","content":""}')),
    input("/v1/responses", `[{"role":"user","content":${listOf('{"type":"input_text","text":""}')}}]`),
    slim("tools", listOf('{"name":"f"}')),
    slim("format", NESTED),
    input("/chat", listOf('{"role":"user","content":""}')),
    input("/moderate", listOf('""')),
    input("/v1/moderations", listOf('""')),
    input("/v1/embeddings", listOf("0")),
    input("/v1/embeddings", listOf("[]")),
    input("/v1/embeddings", listOf('"a"')),
    { path: "/chat", body: listOf("0") },
    { path: "/chat", body: NESTED },
    { path: "/chat", body: `{"input":"${LETTERS}"}` },
  ];
}

/** Forty valid requests with a photo each, whose text makes every copy take two bytes for each character. */
export const largePhotos = (): HostileBody[] => Array.from({ length: 40 }, () => photo("堰"));

/** Forty valid recordings of 10 MB. */
export function largeRecordings(): HostileBody[] {
  const file = new Blob([silentWav(625)], { type: "audio/wav" });
  return Array.from({ length: 40 }, () => {
    const body = new FormData();
    body.append("file", file, "silence.wav");
    body.append("model", "gpt-4o-mini-transcribe");
    return { path: "/v1/audio/transcriptions", body };
  });
}
