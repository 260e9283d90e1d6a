// The order in which a stream has the tokens of several choices.

/** The tokens of all choices in turn, with the index of the choice of each. */
export function interleave(choices: { pieces: string[] }[]): { pieces: string[]; owners: number[] } {
  const pieces: string[] = [];
  const owners: number[] = [];
  const longest = Math.max(...choices.map((choice) => choice.pieces.length));
  for (let turn = 0; turn < longest; turn++) {
    for (const [owner, choice] of choices.entries()) {
      const piece = choice.pieces[turn];
      if (piece === undefined) continue;
      pieces.push(piece);
      owners.push(owner);
    }
  }
  return { pieces, owners };
}
