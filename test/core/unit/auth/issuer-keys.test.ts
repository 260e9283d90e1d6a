// The keys of an issuer: a key server in trouble signs nobody out, and a flood of tokens does not reach it.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { CryptoKey } from "jose";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { authenticate } from "../../../../src/core/auth/token.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { watchLog } from "../../../support/log-lines.ts";
import { provideScheduler } from "../../support/scheduler.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const [MINUTE, HOUR] = [60_000, 3_600_000];

/** The answer of the key server: a status and a body, or none. */
let answer: { status: number; body: string } | "reset";
let asked = 0;
const server = createServer((request, response) => {
  asked += 1;
  if (answer === "reset") request.socket.destroy();
  else response.writeHead(answer.status, { "content-type": "application/json", location: "/" }).end(answer.body);
});

const keys: Record<string, CryptoKey> = {};
let published: string;
let port: number;

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  ({ port } = server.address() as AddressInfo);
  const set = [];
  for (const kid of ["one", "two"]) {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    keys[kid] = privateKey;
    set.push({ ...(await exportJWK(publicKey)), kid });
  }
  published = JSON.stringify({ keys: set });
  keys["stranger"] = (await generateKeyPair("ES256")).privateKey;
});
afterAll(() => server.close());

let issuers = 0;
let env: { AUTH_SECRET: string; AUTH_ISSUERS: unknown };
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOON });
  provideScheduler();
  asked = 0;
  issuers += 1;
  // Each test has an issuer of its own, because keys are cached in the isolate.
  const jwks_url = `http://127.0.0.1:${port}/${issuers}?key=secret`;
  env = { AUTH_SECRET: "", AUTH_ISSUERS: [{ issuer: "cloud", audience: "app", jwks_url }] };
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const publish = (body = published, status = 200) => void (answer = { status, body });
/** A new token, signed with the key of that name. */
function sign(signer: string, header: { kid?: string } = { kid: signer }): Promise<string> {
  const key = keys[signer];
  if (!key) throw new Error(`there is no key '${signer}'`);
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: "cloud", aud: "app", sub: "alice", exp: now + 600, jti: crypto.randomUUID() };
  return new SignJWT(claims).setProtectedHeader({ alg: "ES256", ...header }).sign(key);
}
const come = async (...signer: Parameters<typeof sign>) =>
  authenticate(`Bearer ${await sign(...signer)}`, env, Date.now());
const statusOf = (...signer: Parameters<typeof sign>) =>
  come(...signer).then(
    () => 200,
    (error: { status: number }) => error.status,
  );

const TROUBLES: [string, () => void, RegExp][] = [
  ["breaks the connection", () => void (answer = "reset"), /connection lost: host 127\.0\.0\.1:\d+$/],
  ["answers 503", () => publish("", 503), /status 503/],
  ["answers 404", () => publish("", 404), /status 404/],
  ["redirects", () => publish("", 302), /status 302/],
  ["answers a page", () => publish("<html>"), /no JSON Web Key Set/],
  ["answers JSON without keys", () => publish("{}"), /no JSON Web Key Set/],
  ["answers without an end", () => publish(" ".repeat(2_000_000)), /more than 256 KiB/],
  [
    "does not answer",
    () =>
      void vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort(new DOMException("", "TimeoutError"))),
    /no answer within 5000 ms/,
  ],
];

it.each(TROUBLES)(
  "a key server that %s is a 503 that the token's owner can wait for",
  async (_what, trouble, reason) => {
    trouble();
    const error = await refusalOf(() => come("one"));
    expect(error).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect(error.body).toEqual({
      message: "Your token could not be checked, because its issuer's keys are not available. Please try again.",
      type: "server_error",
      param: null,
      code: "issuer_unavailable",
    });
    expect(String(error.cause)).toMatch(reason);
    expect(String(error.cause)).not.toContain("secret");
  },
);

it("a host where nothing listens is a 503, and the log says that it refused the connection", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => closed.once("listening", done));
  const { port: nobody } = closed.address() as AddressInfo;
  await new Promise((done) => closed.close(done));
  env.AUTH_ISSUERS = [{ issuer: "cloud", audience: "app", jwks_url: `http://127.0.0.1:${nobody}/jwks.json` }];
  const error = await refusalOf(() => come("one"));
  expect(error.body.code).toBe("issuer_unavailable");
  expect(error.cause).toMatchObject({ message: `connection refused: host 127.0.0.1:${nobody}` });
});

it.each(TROUBLES)("keys that were fetched before stay in use while the key server %s", async (_what, trouble) => {
  publish();
  expect(await statusOf("one")).toBe(200);
  const logged = watchLog();
  trouble();
  for (const later of [11 * MINUTE, HOUR, 24 * HOUR]) {
    vi.setSystemTime(NOON + later);
    expect([later, await statusOf("one"), await statusOf("stranger", { kid: "one" })]).toEqual([later, 200, 401]);
  }
  expect(logged("issuer_keys_not_refreshed")).toHaveLength(3);
});

it("an unknown key is a 401 if the keys are fresh, and a 503 if they cannot be refreshed", async () => {
  publish();
  expect(await statusOf("stranger")).toBe(401);
  vi.setSystemTime(NOON + MINUTE);
  publish("", 500);
  expect(await statusOf("stranger")).toBe(503);
  vi.setSystemTime(NOON + 2 * MINUTE);
  publish();
  expect(await statusOf("stranger")).toBe(401);
});

it("a new key is fetched when a token names it, and a key that was withdrawn by then is refused", async () => {
  const {
    keys: [one, two],
  } = JSON.parse(published) as { keys: [object, object] };
  publish(JSON.stringify({ keys: [one] }));
  expect([await statusOf("one"), await statusOf("two")]).toEqual([200, 401]);
  publish(JSON.stringify({ keys: [two] }));
  vi.setSystemTime(NOON + MINUTE);
  expect([await statusOf("one"), await statusOf("two")]).toEqual([200, 200]);
  expect(await statusOf("one")).toBe(401);
});

it("a token without a key id is held against every key of the issuer", async () => {
  publish();
  expect([await statusOf("two", {}), await statusOf("stranger", {})]).toEqual([200, 401]);
});

it.each<[string, () => void, number]>([
  ["healthy", publish, 401],
  ["in trouble", () => publish("", 503), 503],
])("a flood of tokens with unknown keys asks a key server that is %s once", async (_what, state, status) => {
  state();
  const flood = Array.from({ length: 50 }, () => statusOf("stranger", { kid: crypto.randomUUID() }));
  expect(new Set(await Promise.all(flood))).toEqual(new Set([status]));
  expect(asked).toBe(1);
});

it("fifty first requests share one fetch", async () => {
  publish();
  expect(new Set(await Promise.all(Array.from({ length: 50 }, () => statusOf("one"))))).toEqual(new Set([200]));
  expect(asked).toBe(1);
});
