import { loadedParser, quoteIdent } from "../sql/index.ts";

/** A name as SQL, in double quotes only where the grammar needs them. */
export function sqlName(name: string): string {
  return isPlain(name) ? name : quoteIdent(name);
}

/** `schema.name` as SQL. */
export function sqlRelation(relation: { readonly schema: string; readonly name: string }): string {
  return `${sqlName(relation.schema)}.${sqlName(relation.name)}`;
}

const plain = new Map<string, boolean>();

/** A history speaks of the same names again and again. */
function isPlain(name: string): boolean {
  let known = plain.get(name);
  if (known === undefined) plain.set(name, (known = isNoKeyword(name) || scansAsItself(name)));
  return known;
}

/** The longest keyword is `current_timestamp`, and none has a digit in it (kwlist.h): such a word needs no scanner. */
function isNoKeyword(name: string): boolean {
  return /^[a-z_][a-z0-9_]{0,62}$/.test(name) && (name.length > 17 || /\d/.test(name));
}

/** True when the scanner reads the name as one identifier, or unreserved keyword, that means itself. */
function scansAsItself(name: string): boolean {
  if (name !== name.toLowerCase() || name === "") return false;
  try {
    const [only, ...others] = loadedParser().scanSync(name).tokens;
    const isWord = only?.tokenName === "IDENT" || only?.keywordKind === 1;
    return isWord && others.length === 0 && only?.text === name;
  } catch {
    return false;
  }
}
