// The pass-through codecs of Chat Completions streams, unmoderated and moderated.

import type { Codec, CreateEventCodec } from "../../core/relay/codec.ts";
import type { Dialect } from "../../core/relay/dialect.ts";
import type { PassOptions } from "../../dialects/openai/pass-codec.ts";
import { createChoicesPassCodec, passChoicesEvents } from "../../dialects/openai/pass-codec.ts";

const lastChunk = { object: "chat.completion.chunk", emptyChoice: { delta: {} } };

type ChatPassOptions = Omit<PassOptions, "lastChunk">;

/** Passes events through, byte for byte, without errors and unrequested usage. */
export const createPassCodec = (dialect: Dialect, options: ChatPassOptions): Codec =>
  createChoicesPassCodec(dialect, { ...options, lastChunk });

/** Passes decoded events through, for moderated answers. */
export const passEvents = (options: ChatPassOptions): CreateEventCodec => passChoicesEvents({ ...options, lastChunk });
