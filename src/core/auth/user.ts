// Who is calling, as the core knows them. Names nobody outside: see quota/name.ts for what is stored.

/** A verified caller. The subject is unique within its issuer only. */
export interface User {
  issuer: string;
  subject: string;
  /** The plan that the token claims; the catalog decides whether there is such a plan. */
  plan: string | undefined;
  /** When the token was issued (epoch ms); 0 when it does not say. */
  issuedAt: number;
}
