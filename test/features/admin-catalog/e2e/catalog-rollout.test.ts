// uses: slim-chat
// A rollout while users chat, by the requests that `npm run catalog` sends.

import { afterAll, afterEach, expect, it } from "vitest";
import { createClient } from "../../../../dev/admin-catalog/client.ts";
import type { Publication } from "../../../../dev/admin-catalog/client.ts";
import type { Caller } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { readSlim } from "../../../support/slim-stream.ts";
import { ask as askFor, SLIM } from "../../../support/surface.ts";
import { startWeir } from "../../../support/weir.ts";

const CHATS = 10;
const SCRIPT = { tokens: 10, delay_ms: 5 };

const weir = await startWeir();
const client = createClient(weir.url);
afterAll(weir.close);
afterEach(weir.report);

/** Publishes a catalog that is different for each edition. */
const push = (edition: number, activate: boolean) =>
  client<Publication>("PUT", `?author=ann&activate=${activate}`, { ...createCatalog(), min_output_tokens: edition });
const move = (path: string, body: object) => client<Publication>("POST", path, { ...body, author: "ann" });

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
  const { active: first } = await client<Publication>("GET");
  let second = "";
  let trial = "";

  const chats = await chatDuring(users, async () => {
    second = (await push(1, true)).active;
    expect(await everybody()).toEqual([second]);
    trial = (await push(2, false)).revision ?? "";
    expect(await everybody()).toEqual([second]);
    expect(await move("/canary", { revision: trial, percent: 10 })).toMatchObject({
      active: second,
      canary: { revision: trial, percent: 10 },
    });
    expect([second, trial]).toEqual(expect.arrayContaining(await everybody()));
    await move("/canary", { revision: trial, percent: 100 });
    expect(await everybody()).toEqual([trial]);
    expect(await move("/activate", { revision: trial, expected: second })).toMatchObject({
      active: trial,
      canary: null,
    });
    expect(await everybody()).toEqual([trial]);
    expect(await move("/rollback", { expected: trial })).toMatchObject({ active: second });
    expect(await everybody()).toEqual([second]);
  });

  expect(chats.length).toBeGreaterThanOrEqual(CHATS);
  expect(chats.filter(({ status, end }) => status !== 200 || end !== "done")).toEqual([]);
  expect([first, second, trial]).toEqual(expect.arrayContaining(revisionsOf(chats)));
  for (const user of users) expect(await user.settled()).toMatchObject({ reserved: 0 });
});
