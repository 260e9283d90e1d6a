// Waiting for what a request leaves behind it, such as the settlement of an answer whose caller left: by asking again,
// at once and a bounded number of times. Nothing here looks at a clock.

const MOST_PROBES = 3000;

/** Asks until the answer is `done`, and returns it. Throws with the last answer when that never comes. */
export async function repeatUntil<Answer>(
  probe: () => Promise<Answer>,
  done: (answer: Answer) => boolean,
): Promise<Answer> {
  let answer = await probe();
  for (let probes = 1; !done(answer); probes++) {
    if (probes === MOST_PROBES) throw new Error(`still not done: ${JSON.stringify(answer)}`);
    // One turn of the event loop: a chain of answered probes would keep workerd from all other input and output.
    await new Promise((resolve) => setTimeout(resolve, 0));
    answer = await probe();
  }
  return answer;
}
