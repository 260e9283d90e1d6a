// HMAC-SHA-256 with the deployment's pepper.

const encoder = new TextEncoder();
/** Importing a key costs about as much as a hash. */
let imported: { pepper: string; key: CryptoKey } | undefined;

/** Returns the HMAC-SHA-256 of a text, keyed with a pepper. */
export async function keyedHash(pepper: string, text: string): Promise<ArrayBuffer> {
  if (imported?.pepper !== pepper) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", encoder.encode(pepper), algorithm, false, ["sign"]);
    imported = { pepper, key };
  }
  return crypto.subtle.sign("HMAC", imported.key, encoder.encode(text));
}
