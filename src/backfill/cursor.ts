/** Values of the key's columns as text; without a key the number of a file and a place in it. */
export type Cursor = readonly string[];

/** A row that was rejected, for people: `key 7, 12`; without a key `ctid (0,3) of public.t, (values)`. */
export function rowName(key: Cursor): string {
  return key[0]?.startsWith(placeMark) === true ? key.join(", ") : `key ${key.join(", ")}`;
}

/** What the name of a row without a key begins with. */
export const placeMark = "ctid (";
