// Cyclic redundancy checks of flac and Ogg: the highest bit first, starting at zero.

/** Returns the check of 8, 16 or 32 bits. */
export function checksum(bytes: Uint8Array, width: 8 | 16 | 32, polynomial: number): number {
  // Computed in 32 bits, with the polynomial at the top.
  const shifted = polynomial << (32 - width);
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum < 0 ? (sum << 1) ^ shifted : sum << 1;
  }
  return sum >>> (32 - width);
}
