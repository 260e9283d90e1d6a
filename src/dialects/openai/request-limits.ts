// Limits of lists in requests. Those without a limit at OpenAI have Weir's own.

/** OpenAI's limit of tools and of functions. */
export const MAX_TOOLS = 128;

/** The most messages or items of one request. */
export const MAX_MESSAGES = 4096;

/** The most parts of one message. */
export const MAX_PARTS = 2048;
