// The exchange of a recording: the form for the provider, and the transcript for the caller.

import { ENDPOINTS } from "../../core/catalog/endpoints.ts";
import type { Model } from "../../core/catalog/resolve.ts";
import type { Need } from "../../core/catalog/support.ts";
import { apiError } from "../../core/errors.ts";
import type { Ask, WholeAnswer, Way } from "../../core/gateway/exchange.ts";
import type { Dialect } from "../../core/relay/dialect.ts";
import { parameterNeeds } from "../../dialects/openai/request-body.ts";
import { decodeWholeAnswer, passWhole } from "../../dialects/openai/whole-answer.ts";
import { demandOfRecording, guidingText, isPricedByTime, refusalOfRecording } from "./demand.ts";
import { createTranscriptDialect, parseTranscript } from "./dialect.ts";
import type { Recording } from "./recording.ts";
import { releaseRecording, writeRecording } from "./recording.ts";
import type { AudioEndpoint, TranscriptionRequest } from "./request.ts";
import { passTranscript } from "./stream.ts";
import type { MadeFormat } from "./transcript-format.ts";
import { MADE_FORMATS } from "./transcript-format.ts";

/** A card refuses this parameter when the model has no timestamps. Such a model has only the format `json`. */
const TIMESTAMPS = "timestamp_granularities";

const STREAMING: Need = { kind: "feature", feature: "streaming", param: "stream" };

/** Creates the request for a transcript, in a format whose answer always reports the usage. */
export function transcribe(endpoint: AudioEndpoint, recording: Recording, request: TranscriptionRequest): Way {
  return {
    endpoint,
    prepare(model) {
      const { snapshot, card, requestedCard } = model;
      const refused = card.refuses[endpoint] ?? [];
      const { stream = false, response_format: format, language } = request;
      const streams = stream && card.features.includes("streaming");
      const upstreamFormat = streams || refused.includes(TIMESTAMPS) ? "json" : "verbose_json";
      // Newer models take a list of languages.
      const isListed = language !== undefined && refused.includes("language") && !request["languages[]"];
      const fields = {
        model: snapshot,
        response_format: upstreamFormat,
        ...(stream && { stream: streams ? "true" : undefined }),
        ...(isListed && { language: undefined, "languages[]": language }),
      };
      // A fallback cannot answer at once when the response has started as a stream.
      const mustStream = stream && !streams && card !== requestedCard;
      const dialect = createTranscriptDialect(isPricedByTime(card));
      const made = stream ? "events" : format !== upstreamFormat && format !== "verbose_json" ? format : undefined;
      return {
        ask: {
          endpoint,
          needs: [
            ...needsOf(endpoint, isListed ? { ...request, language: undefined } : request),
            ...(mustStream ? [STREAMING] : []),
          ],
          demand: demandOfRecording(recording, request, card),
          refusal: refusalOfRecording(recording, request, model),
          subject: { text: guidingText(request), images: [], param: "prompt" },
          write: () => writeRecording(recording, fields),
          ...endOfRoute(endpoint, model),
        },
        reply: streams
          ? { kind: "stream", dialect, events: passTranscript(() => releaseRecording(recording)) }
          : { kind: "json", read: (body) => readAnswer(body, dialect, made) },
      };
    },
  };
}

/** Reads a whole answer. It passes through unless Weir makes the format `made` from it. */
function readAnswer(body: string, dialect: Dialect, made: MadeFormat | undefined): WholeAnswer {
  if (made === undefined) return passWhole(body, dialect);
  const { progress, decoded } = decodeWholeAnswer(body, dialect);
  const transcript = progress.error ? undefined : parseTranscript(decoded.json);
  const hasNoCues = (made === "srt" || made === "vtt") && !transcript?.segments?.length;
  if (transcript?.text.trim() && hasNoCues) {
    const message = "The model's answer has no timestamps. Leave 'response_format' out, or use another model.";
    throw apiError("provider_error", message);
  }
  return {
    progress,
    allText: () => dialect.allText(decoded.json),
    conclude: () => (transcript ? MADE_FORMATS[made].write(transcript) : body),
    contentType: MADE_FORMATS[made].contentType,
  };
}

/** Returns the needs of a request. Model cards name parameters without brackets. */
function needsOf(endpoint: AudioEndpoint, request: Partial<TranscriptionRequest>): Need[] {
  const { model: _model, response_format: format, stream: _stream, ...parameters } = request;
  const named = Object.entries(parameters).map(([name, value]) => [name.replace("[]", ""), value]);
  const nameOf = (name: string) => (name in parameters ? name : `${name}[]`);
  const needs = parameterNeeds(Object.fromEntries(named) as Record<string, unknown>, endpoint, nameOf);
  const isPlain = format === "json" || format === "text";
  return isPlain ? needs : [...needs, { kind: "parameter", endpoint, name: TIMESTAMPS, param: "response_format" }];
}

/** Returns the header `sunset` for a route that ends before its model. */
function endOfRoute(endpoint: AudioEndpoint, { card, snapshot }: Model): Pick<Ask, "changes"> {
  const { end }: { title: string; end?: string } = ENDPOINTS[endpoint];
  const modelEnd = card.snapshots[snapshot]?.shutdown_date;
  const isFirst = end !== undefined && modelEnd !== undefined && end < modelEnd;
  return isFirst ? { changes: { sunset: new Date(end).toUTCString() } } : {};
}
