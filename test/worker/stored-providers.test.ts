// Where several providers may have stored an answer: its owner gets it from the one that has, whatever the others say.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../src/core/env.ts";
import { createCaller } from "../support/caller.ts";
import { createHouseCatalog, HOUSE_HOST } from "../support/house.ts";
import { createUserOf } from "../support/providers.ts";
import { asking, createSwitchedCatalog, look, respond, STORING } from "../support/switches.ts";
import { bindings, createSend, createUser, emulation, useCatalog } from "../support/workerd.ts";

/** Whose card comes first in the catalog, and so is asked first. */
const ORDERS = ["the other", "the one that has it"] as const;

async function useHouse(first: (typeof ORDERS)[number]) {
  const catalog = createHouseCatalog({ endpoints: ["responses"] }, { endpoints: ["responses"] });
  const { house, ...others } = catalog.cards;
  const cards = first === "the other" ? { house, ...others } : { ...others, house };
  await useCatalog({ ...catalog, cards, responses: STORING });
}

/** A new user of the emulated provider and of a house that answers so; `asked` has the methods that the house was sent. */
async function createUserBeside(house: () => Response) {
  const asked: string[] = [];
  const UPSTREAM = {
    async fetch(request: Request) {
      if (new URL(request.url).host !== HOUSE_HOST) return bindings.UPSTREAM?.fetch(request);
      asked.push(request.method);
      return house();
    },
  };
  const variables = { PROVIDER_HOSTS: `api.openai.com ${HOUSE_HOST}`, HOUSE_API_KEY: "house-key" };
  const { token } = await createUser();
  return { ...createCaller(createSend({ ...variables, UPSTREAM } as unknown as Partial<Bindings>), token), asked };
}

const saying = (status: number) => () => Response.json({ error: { message: "No.", type: "server_error" } }, { status });

beforeEach(emulation.zero);
afterEach(() => void vi.restoreAllMocks());

describe.each(ORDERS)("beside another provider, where the card of %s comes first, a stored answer", (first) => {
  beforeEach(() => useHouse(first));

  it.each([400, 404, 405, 501])("is its owner's, and nobody else's, though the other says %i", async (status) => {
    const owner = await createUserBeside(saying(status));
    const answer = await respond(owner, asking({ tokens: 1 }, { store: true }));
    expect(await look(owner, answer.id)).toEqual({ status: 200, body: answer });
    const stranger = await createUserBeside(saying(status));
    expect(await look(stranger, answer.id)).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
    expect(stranger.asked).toEqual(["GET"]);
    expect(await look(owner, answer.id, "DELETE")).toMatchObject({ status: 200, body: { deleted: true } });
    expect(owner.asked).not.toContain("DELETE");
  });

  it("is its owner's though the other is broken", async () => {
    const owner = await createUserBeside(saying(500));
    const answer = await respond(owner, asking({ tokens: 1 }, { store: true }));
    expect(await look(owner, answer.id)).toEqual({ status: 200, body: answer });
  });

  it("that nobody has is the error of the other where that is broken, since it may be there", async () => {
    const user = await createUserBeside(saying(500));
    expect(await look(user, "resp_unknown")).toMatchObject({
      status: 502,
      body: { error: { code: "provider_error" } },
    });
  });
});

it("a stored answer whose provider is silent is a timeout of the provider's", async () => {
  await useCatalog(createSwitchedCatalog(STORING));
  const after = AbortSignal.timeout.bind(AbortSignal);
  const waits = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => after(1));
  const user = await createUserOf(
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      }),
  );
  expect(await look(user, "resp_1")).toMatchObject({ status: 504, body: { error: { code: "provider_timeout" } } });
  expect(waits).toHaveBeenCalledExactlyOnceWith(30_000);
});
