// uses: slim-chat, responses
// Moderated streams of Responses: events are passed through unchanged, and a block ends with response.incomplete.

import { expect, it } from "vitest";
import { passResponsesEvents } from "../../../../src/features/responses/codec.ts";
import { LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { readEvents } from "../../../support/events.ts";
import { startedFlow } from "../support/gated-flow.ts";
import type { GatedForm } from "../support/gated-forms.ts";
import { RESPONSES, toEvent } from "../support/gated-forms.ts";
import { checkSplits } from "../support/gated-splits.ts";

interface Event {
  type: string;
  delta?: string;
  response?: { status: string; incomplete_details?: { reason: string }; output: unknown[] };
}

const eventsOf = (sent: string) => readEvents(sent).map(({ data }) => JSON.parse(data) as Event);

const ITEM = { id: "msg_1", type: "message", role: "assistant", content: [] };
const FORM: GatedForm = {
  ...RESPONSES,
  begin: [
    ...RESPONSES.begin,
    toEvent("response.output_item.added", { sequence_number: 0, output_index: 0, item: ITEM }),
  ],
  events: passResponsesEvents({ memo: false }),
  shown: (sent) =>
    eventsOf(sent)
      .map(({ type, delta }) => (type === "response.output_text.delta" ? delta : ""))
      .join(""),
  isBlocked(sent) {
    const { type, response } = eventsOf(sent).at(-1) ?? {};
    return type === "response.incomplete" && response?.incomplete_details?.reason === "content_filter";
  },
  passed: (texts) => [...FORM.begin, ...FORM.say(texts), ...FORM.end].join(""),
};

it("an allowed stream of Responses is unchanged, and a blocked one ends there", () => checkSplits(FORM));

it("a blocked response has the text that was sent before the block", async () => {
  const flow = await startedFlow(FORM, ["Rivers rise. "]);
  await flow.giveVerdict(true);
  flow.provider.send(...FORM.say(["They kill. "]));
  await flow.clock.idle();
  await flow.giveVerdict(false);
  await flow.clock.advance(LAST_READ_MS);
  expect(eventsOf(flow.caller.text()).at(-1)?.response).toMatchObject({
    id: "resp_1",
    status: "incomplete",
    output: [{ id: "msg_1", status: "incomplete", content: [{ type: "output_text", text: "Rivers rise. " }] }],
  });
});
