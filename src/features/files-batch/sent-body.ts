// The difference between the body of a batch line and the body that Weir would send for the same direct request.

/** The first field in which two bodies differ, and its value in the wanted body. */
interface Difference {
  path: string[];
  /** Undefined: the wanted body does not have the field. */
  wanted: unknown;
}

const MAX_PATH_LENGTH = 80;
const MAX_VALUE_LENGTH = 80;

/**
 * Describes the first difference of a body from the wanted one, such as `'store' must be false`, with its field;
 * undefined when they are equal. `null` is the same as an absent field.
 */
export function differenceOf(given: unknown, wanted: unknown): { message: string; param: string } | undefined {
  const difference = compare(given, wanted);
  if (!difference) return undefined;
  const param = shorten(difference.path.join("."), MAX_PATH_LENGTH);
  const isWanted = !isAbsent(difference.wanted);
  const must = isWanted ? `be ${shorten(JSON.stringify(difference.wanted), MAX_VALUE_LENGTH)}` : "be left out";
  return { message: `'${param}' must ${must}`, param };
}

function compare(given: unknown, wanted: unknown): Difference | undefined {
  if (given === wanted || (isAbsent(given) && isAbsent(wanted))) return undefined;
  if (!isObject(given) || !isObject(wanted) || lengthOf(given) !== lengthOf(wanted)) return { path: [], wanted };
  for (const name of Object.keys(wanted)) {
    const difference = compare(Object.hasOwn(given, name) ? given[name] : undefined, wanted[name]);
    if (difference) return inside(name, difference);
  }
  const added = Object.keys(given).find((name) => !isAbsent(given[name]) && !Object.hasOwn(wanted, name));
  return added === undefined ? undefined : { path: [added], wanted: undefined };
}

/** The path is built only when there is a difference: each line of a file is compared. */
const inside = (name: string, { path, wanted }: Difference) => ({ path: [name, ...path], wanted });

/** Objects have no length. */
const lengthOf = (value: object) => (Array.isArray(value) ? value.length : undefined);

const isAbsent = (value: unknown) => value === undefined || value === null;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const shorten = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}…` : text);
