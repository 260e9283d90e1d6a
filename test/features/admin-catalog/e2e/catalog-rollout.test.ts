// uses: slim-chat
// A rollout by `npm run catalog` while users chat.

import { afterAll, afterEach, expect, it } from "vitest";
import type { Publication } from "../../../../dev/admin-catalog/client.ts";
import type { Caller } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createCommand } from "../support/command.ts";
import { readSlim } from "../../../support/slim-stream.ts";
import { ask as askFor, SLIM } from "../../../support/surface.ts";
import { startWeir } from "../../../support/weir.ts";

const CHATS = 20;
const SCRIPT = { tokens: 30, delay_ms: 5 };

const weir = await startWeir();
const { ask, write, remove } = createCommand(weir.url);
afterAll(async () => {
  remove();
  await weir.close();
});
afterEach(weir.report);

const fileOf = (edition: number) => write(`${edition}.json`, { ...createCatalog(), min_output_tokens: edition });

interface Chat {
  revision: string | null;
  status: number;
  end: string | undefined;
}

async function chat(user: Caller): Promise<Chat> {
  const response = await askFor(user, SLIM, SCRIPT);
  const events = readSlim(new Uint8Array(await response.arrayBuffer()));
  return { revision: response.headers.get("weir-revision"), status: response.status, end: events.at(-1)?.name };
}

/** Lets each user chat repeatedly until `work` is done. Returns all chats. */
async function chatDuring(users: Caller[], work: () => Promise<void>): Promise<Chat[]> {
  const chats: Chat[] = [];
  const over = new AbortController();
  const lanes = users.map(async (user) => {
    while (!over.signal.aborted) chats.push(await chat(user));
  });
  try {
    await work();
  } finally {
    over.abort();
    await Promise.all(lanes);
  }
  return chats;
}

const revisionsOf = (chats: Chat[]) => [...new Set(chats.map(({ revision }) => revision))];

it(`a push, a canary, its activation and a rollback fail none of ${CHATS} concurrent chats`, async () => {
  const users = await Promise.all(Array.from({ length: CHATS }, () => weir.createUser()));
  const everybody = async () => revisionsOf(await Promise.all(users.map(chat)));
  const { active: first } = await ask<Publication>("list");
  let second = "";
  let trial = "";

  const chats = await chatDuring(users, async () => {
    second = (await ask<Publication>("push", fileOf(1))).active;
    expect(await everybody()).toEqual([second]);
    trial = (await ask<Publication>("push", fileOf(2), "--inactive")).revision ?? "";
    expect(await everybody()).toEqual([second]);
    expect(await ask("canary", trial, "10")).toMatchObject({
      active: second,
      canary: { revision: trial, percent: 10 },
    });
    expect([second, trial]).toEqual(expect.arrayContaining(await everybody()));
    await ask("canary", trial, "100");
    expect(await everybody()).toEqual([trial]);
    expect(await ask("activate", trial, "--expected", second)).toMatchObject({ active: trial, canary: null });
    expect(await everybody()).toEqual([trial]);
    expect(await ask("rollback", "--expected", trial)).toMatchObject({ active: second });
    expect(await everybody()).toEqual([second]);
  });

  expect(chats.length).toBeGreaterThanOrEqual(CHATS);
  expect(chats.filter(({ status, end }) => status !== 200 || end !== "done")).toEqual([]);
  expect([first, second, trial]).toEqual(expect.arrayContaining(revisionsOf(chats)));
  for (const user of users) expect(await user.settled()).toMatchObject({ reserved: 0 });
});
