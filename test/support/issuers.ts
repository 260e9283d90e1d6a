// Whose tokens the Worker under test believes: one issuer with a shared secret, as in wrangler.toml, and one with
// published keys and a plan claim of its own.

export const SHARED_SECRET_ISSUER = { issuer: "weir", audience: "weir", plan_claim: "plan" };

export const PUBLIC_KEY_ISSUER = {
  issuer: "https://issuer.example",
  audience: "an-app",
  jwks_url: "http://127.0.0.1/keys.json",
  plan_claim: "tier",
};

export const ISSUERS = [SHARED_SECRET_ISSUER, PUBLIC_KEY_ISSUER];
