// The issuers of the Worker under test: one with a shared secret, as in wrangler.toml, and one with public keys and its
// own plan claim.

export const SHARED_SECRET_ISSUER = { issuer: "weir", audience: "weir", plan_claim: "plan" };

export const PUBLIC_KEY_ISSUER = {
  issuer: "https://issuer.example",
  audience: "an-app",
  jwks_url: "http://127.0.0.1/keys.json",
  plan_claim: "tier",
};

export const ISSUERS = [SHARED_SECRET_ISSUER, PUBLIC_KEY_ISSUER];
