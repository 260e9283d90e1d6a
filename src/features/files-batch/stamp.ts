// The stamp: a prefix of a file's name at the provider that tells its owner and its upload.
// OpenAI's files have no metadata.

/** Characters of the owner and of the upload's id. */
const OWNER_LENGTH = 24;
const UPLOAD_LENGTH = 12;

const STAMP = new RegExp(`^([\\w-]{${OWNER_LENGTH}})~[\\w-]{${UPLOAD_LENGTH}}~`);

/** Creates the id of an upload. */
export const createUploadId = (): string => crypto.randomUUID().slice(-UPLOAD_LENGTH);

/** Returns the stamp. All stamps have the same length. `owner`: the name of the user's objects. */
export const stampOf = (owner: string, uploadId: string): string => `${ownerPart(owner)}~${uploadId}~`;

/** Tests if a file's name at the provider has the owner's stamp. */
export const isStampedBy = (owner: string, filename: string): boolean => STAMP.exec(filename)?.[1] === ownerPart(owner);

const ownerPart = (owner: string) => owner.slice("q1:".length, "q1:".length + OWNER_LENGTH);
