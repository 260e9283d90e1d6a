// The request to the provider that an upload is written into while it arrives.

import type { Provider } from "../../core/catalog/schema.ts";
import type { Bindings } from "../../core/env.ts";
import { ApiError, apiError } from "../../core/errors.ts";
import { statusOf } from "../../core/gateway/provider-error.ts";
import { callProvider, readText } from "../../core/gateway/provider.ts";

export interface OutgoingForm {
  /** Resolves when the provider has taken the bytes. Throws the ApiError of a provider that fails or refuses. */
  write(bytes: Uint8Array): Promise<void>;
  /** Writes the last bytes, and returns the provider's answer. */
  end(bytes: Uint8Array): Promise<string>;
  /** Cuts the request. The provider has no whole form then, and stores nothing. */
  cut(reason: Error): void;
  /** The provider has the whole form, or may have it. */
  readonly mayBeStored: boolean;
}

interface OutgoingTerms {
  env: Bindings;
  provider: Provider;
  boundary: string;
  /** The bytes of the whole form; undefined when the caller did not declare them. */
  length: number | undefined;
  /** The most time until the provider takes some bytes, and until it answers. */
  idleMs: number;
  answerMs: number;
}

/** Statuses of a refusal. A provider that was slow or failed may have stored the file before. */
const isRefusal = (status: number) => status >= 400 && status < 500 && status !== 408;

/** Opens the request. */
export function openOutgoingForm({ env, provider, boundary, length, idleMs, answerMs }: OutgoingTerms): OutgoingForm {
  const control = new AbortController();
  const { signal } = control;
  const { readable, writable } = length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length);
  const writer = writable.getWriter();
  const headers = { "content-type": `multipart/form-data; boundary="${boundary}"` };
  const request = { path: "/files", body: readable, headers };
  let mayBeStored = false;
  let fault: Error | undefined;

  const cut = (reason: Error) => {
    fault ??= reason;
    // With a reason, the runtime would log an uncaught error when the caller has left.
    control.abort();
    void writer.abort().catch(() => undefined);
  };
  const call = async () => {
    const response = await callProvider(env, provider, request, signal);
    mayBeStored = true;
    return readText(response);
  };
  const answer = call().catch((error: unknown) => {
    if (error instanceof ApiError && isRefusal(statusOf(error))) mayBeStored = false;
    cut(error as Error);
    throw fault;
  });
  answer.catch(() => undefined);

  /** Waits for a step of the request, at most `ms`. Throws the error of the request when it fails. */
  const within = async <Result>(ms: number, step: Promise<Result>): Promise<Result> => {
    const timer = setTimeout(() => cut(tooSlow()), ms);
    try {
      return await step;
    } catch (error) {
      // A write fails before the request does, whose error tells why.
      await answer;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    get mayBeStored() {
      return mayBeStored;
    },
    cut,
    write: (bytes) => within(idleMs, writer.write(bytes)),
    async end(bytes) {
      mayBeStored = true;
      await within(idleMs, writer.write(bytes));
      const [text] = await within(answerMs, Promise.all([answer, writer.close()]));
      return text;
    },
  };
}

const tooSlow = () => apiError("provider_timeout", "The provider did not take the file in time. Please try again.");
