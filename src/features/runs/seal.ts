// The secrets of a run: its id in storage, the keys of its reservations, and the encryption of its content.
// All derive from the caller's key, which is not stored. Storage and pepper alone cannot decrypt an answer.

import { base64url } from "jose";
import { keyedHash } from "../../core/keyed-hash.ts";

const encoder = new TextEncoder();
/** Bytes of an AES-GCM nonce (NIST SP 800-38D, section 8.2). */
const NONCE_BYTES = 12;

export interface Seal {
  /** The run's name in storage. */
  id: string;
  /** Returns the key of the reservation for the attempt with that number. */
  leaseKey(fingerprint: string, attempt: number): Promise<string>;
  /** Encrypts a part of the content, with a new nonce. */
  encrypt(part: number, plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** Decrypts a part. Rejects when it is damaged or is another part. */
  decrypt(part: number, sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

/** Derives the secrets of the run with that key, of the user whose objects have that name. */
export async function createSeal(pepper: string, name: string, key: string): Promise<Seal> {
  // Neither names nor keys contain a NUL.
  const derive = (purpose: string) => keyedHash(pepper, `${purpose}\0${name}\0${key}`);
  const deriveText = async (purpose: string) => base64url.encode(new Uint8Array(await derive(purpose)));
  let aesKey: Promise<CryptoKey> | undefined;
  const contentKey = () =>
    (aesKey ??= derive("content").then((bits) =>
      crypto.subtle.importKey("raw", bits, "AES-GCM", false, ["encrypt", "decrypt"]),
    ));
  const id = await deriveText("id");
  const parameters = (part: number, iv: Uint8Array<ArrayBuffer>) => ({
    name: "AES-GCM",
    iv,
    additionalData: encoder.encode(`${id}:${part}`),
  });
  return {
    id,
    leaseKey: (fingerprint, attempt) => deriveText(`lease ${fingerprint} ${attempt}`),
    async encrypt(part, plain) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const sealed = await crypto.subtle.encrypt(parameters(part, nonce), await contentKey(), plain);
      const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
      bytes.set(nonce);
      bytes.set(new Uint8Array(sealed), NONCE_BYTES);
      return bytes;
    },
    async decrypt(part, sealed) {
      const nonce = sealed.slice(0, NONCE_BYTES);
      const content = sealed.slice(NONCE_BYTES);
      return new Uint8Array(await crypto.subtle.decrypt(parameters(part, nonce), await contentKey(), content));
    },
  };
}
