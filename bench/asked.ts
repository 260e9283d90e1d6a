// What is asked: the bodies of chats whose answers the emulated provider is told in a script, and how each must end.

/** A model without an end, so that the same one answers whenever this is run. */
export const MODEL = "gpt-6.1-terra";

/** So many answers of so many tokens, `delayMs` apart, so many at once. */
export interface Shape {
  tokens: number;
  delayMs?: number;
  /** Before the provider's first token. */
  firstMs?: number;
  count: number;
  parallel: number;
}

export interface Asked {
  path: string;
  body: string;
  /** What a good answer is: any other status or ending is a failure, however fast it was. */
  status: number;
  ending: RegExp;
}

type Ask = (shape: Shape) => Asked;

const script = ({ tokens, delayMs = 0, firstMs = 0 }: Shape) =>
  `emulate ${JSON.stringify({ tokens, delay_ms: delayMs, first_ms: firstMs, reasoning: 0 })}`;

const v1 = (shape: Shape, options: object, ending: RegExp): Asked => ({
  path: "/v1/chat/completions",
  body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: script(shape) }], ...options }),
  status: 200,
  ending,
});

/** An alias of the model under which the input is judged while it begins to answer. */
export const GATED = "gated";

const JSON_END = /\}\s*$/;
const DONE = /data: \[DONE\]\n\n$/;

export const streamed: Ask = (shape) => v1(shape, { stream: true, stream_options: { include_usage: true } }, DONE);
export const withoutUsage: Ask = (shape) => v1(shape, { stream: true }, DONE);
export const whole: Ask = (shape) => v1(shape, {}, JSON_END);

export const slim: Ask = (shape) => ({
  path: "/chat",
  body: JSON.stringify({ model: MODEL, input: script(shape) }),
  status: 200,
  ending: /event:done\ndata:.*\n\n$/,
});

export const gated: Ask = (shape) => {
  const asked = streamed(shape);
  return { ...asked, body: asked.body.replace(MODEL, GATED) };
};

export const moderation: Ask = () => ({
  path: "/v1/moderations",
  body: JSON.stringify({ model: "omni-moderation-latest", input: "Is this allowed?" }),
  status: 200,
  ending: JSON_END,
});

/** Slim, as a user without any quota. */
export const refused: Ask = (shape) => ({ ...slim(shape), status: 429, ending: JSON_END });
