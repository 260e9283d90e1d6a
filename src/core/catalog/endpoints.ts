// The endpoint vocabulary of model cards, as on the provider's model pages.

/** A route at OpenAI, and its end. */
interface ProviderRoute {
  path: string;
  /** The first day (YYYY-MM-DD, UTC) without the route. */
  end?: string;
  /** The route that replaces it. */
  replacement?: string;
}

/** A route that model cards list, with its title on the provider's page. */
export interface EndpointRoute extends ProviderRoute {
  title: string;
}

/** Catalog value → title and route. The pages write `v1/batch` and `v1/fine-tuning`; these are the real routes. */
export const ENDPOINTS = {
  chat_completions: { title: "Chat Completions", path: "/chat/completions" },
  responses: { title: "Responses", path: "/responses" },
  realtime: { title: "Realtime", path: "/realtime" },
  assistants: {
    title: "Assistants",
    path: "/assistants",
    end: "2026-08-26",
    replacement: "POST /v1/responses",
  },
  batch: { title: "Batch", path: "/batches" },
  fine_tuning: { title: "Fine-tuning", path: "/fine_tuning/jobs" },
  embeddings: { title: "Embeddings", path: "/embeddings" },
  image_generation: { title: "Image generation", path: "/images/generations" },
  videos: { title: "Videos", path: "/videos", end: "2026-09-24" },
  image_edit: { title: "Image edit", path: "/images/edits" },
  speech_generation: { title: "Speech generation", path: "/audio/speech" },
  transcription: { title: "Transcription", path: "/audio/transcriptions" },
  translation: { title: "Translation", path: "/audio/translations", end: "2027-02-26" },
  moderation: { title: "Moderation", path: "/moderations" },
  completions: { title: "Completions (legacy)", path: "/completions" },
} as const satisfies Record<string, EndpointRoute>;

export type Endpoint = keyof typeof ENDPOINTS;

/** A route that OpenAI has shut down. */
export interface EndedRoute extends ProviderRoute {
  end: string;
}

/** Ended routes that are no endpoint of a card. */
export const OTHER_ENDED_ROUTES: EndedRoute[] = [
  { path: "/threads", end: "2026-08-26", replacement: "/v1/conversations and POST /v1/responses" },
  { path: "/images/variations", end: "2026-05-12", replacement: "POST /v1/images/edits" },
];
