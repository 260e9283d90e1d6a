// What the exchanges have in common that neither stream nor are judged, and whose answers are passed on unread.

import { emptyProgress } from "../../core/relay/answer.ts";
import type { Exchange } from "../../core/gateway/exchange.ts";

export const PLAIN: Pick<Exchange, "subject" | "count" | "codec" | "dialect" | "words" | "isOurs" | "read"> = {
  subject: { text: "", images: [] },
  count: () => undefined,
  dialect: () => [],
  words: () => "",
  isOurs: true,
  codec: () => {
    throw new Error("an answer that does not stream");
  },
  read: (text) => ({ progress: emptyProgress(), said: "", conclude: () => text }),
};
