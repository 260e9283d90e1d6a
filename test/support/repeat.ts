// Waits for the effects of a request, such as a settlement after a disconnect, by probing a limited number of times.

const MOST_PROBES = 3000;

/** Probes until the answer is `done`, and returns it. Throws with the last answer when it never is. */
export async function repeatUntil<Answer>(
  probe: () => Promise<Answer>,
  done: (answer: Answer) => boolean,
): Promise<Answer> {
  let answer = await probe();
  for (let probes = 1; !done(answer); probes++) {
    if (probes === MOST_PROBES) throw new Error(`still not done: ${JSON.stringify(answer)}`);
    // One turn of the event loop, so that workerd can process other events.
    await new Promise((resolve) => setTimeout(resolve, 0));
    answer = await probe();
  }
  return answer;
}
