// The verified user. Storage and logs use only a keyed hash of it: see quota/name.ts.

/** A verified user. The subject is unique only within its issuer. */
export interface User {
  issuer: string;
  subject: string;
  /** The plan that the token claims. It may be missing in the catalog. */
  plan: string | undefined;
  /** Time of issue (epoch ms); 0 for a token without `iat`. */
  issuedAt: number;
}
