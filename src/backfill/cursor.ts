/** Values of the key's columns as text. */
export type Cursor = readonly string[];
