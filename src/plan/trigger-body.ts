import { qualifiedName, type Catalog } from "../catalog/index.ts";
import { loadedParser } from "../sql/index.ts";

/** Body of the PL/pgSQL function that a trigger calls; undefined for one in another language. */
export function triggerBody({ routines }: Catalog, called: string): string | undefined {
  const routine = Object.values(routines).find(
    (one) => qualifiedName(one.schema, one.name) === called && one.identity === "",
  );
  return routine?.language === "plpgsql" ? routine.body : undefined;
}

/** The words of a function's text in small letters, without comments; strings are one each. */
export function tokensOf(body: string): readonly string[] {
  try {
    return loadedParser()
      .scanSync(body)
      .tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"))
      .map(({ text }) => text.toLowerCase());
  } catch {
    return [];
  }
}

/** Whether the body of a PL/pgSQL function asks what its trigger's table is called. */
export function asksForName(body: string): boolean {
  return tokensOf(body).some((token) => token === "tg_table_name" || token === "tg_relname");
}

/** Whether it takes a row whole: `to_jsonb(NEW)`, `NEW.*`; not `NEW.name`, nor `RETURN NEW`, which gives it back. */
export function takesRowWhole(body: string): boolean {
  const tokens = tokensOf(body);
  let isReturn = false;
  return tokens.some((token, at) => {
    if (token === ";") isReturn = false;
    else if (token === "return") isReturn = true;
    if (isReturn || (token !== "new" && token !== "old")) return false;
    const [before, next, field] = [tokens[at - 1], tokens[at + 1], tokens[at + 2]];
    if (before === ".") return false;
    return next === "." ? field === "*" : next !== ":=";
  });
}

/** What a trigger may return without another row than the one that it was given. */
const given: ReadonlySet<string | undefined> = new Set(["new", "old", "null", ";"]);

/** Whether it may give a row other values in these columns: it names one, or makes or returns a row of its own. */
export function mayWrite(body: string, columns: ReadonlySet<string>): boolean {
  const tokens = tokensOf(body);
  if (tokens.length === 0) return true;
  const names = new Set(
    [...columns].flatMap((one) => [one, `"${one}"`].map((name) => name.toLowerCase())),
  );
  return tokens.some((token, at) => {
    const next = tokens[at + 1];
    if (names.has(token)) return true;
    if (token === "new") return next === ":=" || next === "=" || tokens[at - 1] === "into";
    return token === "return" && !given.has(next);
  });
}
