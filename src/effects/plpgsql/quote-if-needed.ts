import { loadedParser, quoteIdent } from "../../sql/index.ts";

/** A name as `quote_ident` and `%I` write it: in quotes only where it has to be (ruleutils.c, quote_identifier). */
export function quoteIfNeeded(name: string): string {
  const isPlain =
    name !== "" &&
    Array.from(name).every((character) => isPlainCharacter(character)) &&
    !isDigit(name[0]!) &&
    !isKeyword(name);
  return isPlain ? name : quoteIdent(name);
}

function isPlainCharacter(character: string): boolean {
  return (character >= "a" && character <= "z") || character === "_" || isDigit(character);
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9";
}

/** True for a keyword that is not free to be a name everywhere (keywords.c, UNRESERVED_KEYWORD). */
function isKeyword(name: string): boolean {
  const [token] = loadedParser().scanSync(name).tokens;
  return token !== undefined && token.keywordKind > unreserved;
}

const unreserved = 1;
