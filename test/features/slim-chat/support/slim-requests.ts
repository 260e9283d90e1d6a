// uses: chat-completions, responses
// Slim requests after validation, and the body that the provider receives for them in either dialect.

import * as v from "valibot";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import type { Exchange } from "../../../../src/core/gateway/exchange.ts";
import { slimChat } from "../../../../src/features/chat-completions/exchange.ts";
import { slimResponses } from "../../../../src/features/responses/exchange.ts";
import { SlimRequest } from "../../../../src/features/slim-chat/request.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";
import { prepared } from "../../../support/ways.ts";

type Json = Record<string, unknown>;

const O4_MINI = bundledModel("o4-mini");

/** A request to /chat that says "Hi", with changed fields. */
export const slimRequest = (changes: Json = {}): SlimRequest => v.parse(SlimRequest, { input: "Hi", ...changes });

const toJson = (exchange: Exchange): Json => JSON.parse(exchange.write(500)) as Json;

/** The exchange over Chat Completions. Throws the refusal. */
export const preparedSlim = (changes: Json = {}, model: Model = O4_MINI): Exchange =>
  prepared(slimChat(slimRequest(changes)), model);

/** The exchange over Responses. Throws the refusal. */
export const preparedSlimResponses = (changes: Json = {}, model: Model = O4_MINI): Exchange =>
  prepared(slimResponses(slimRequest(changes)), model);

/** The JSON that the provider receives over Chat Completions, with 500 output tokens granted. */
export const writtenSlim = (...how: Parameters<typeof preparedSlim>): Json => toJson(preparedSlim(...how));

/** The same over Responses. */
export const writtenSlimResponses = (...how: Parameters<typeof preparedSlim>): Json =>
  toJson(preparedSlimResponses(...how));
