import { namePart } from "../sql/index.ts";

/** Text for people: names in quotes only where they need them (`public.users`, `"App User"`). */
export function forPeople(text: string): string {
  return text.replaceAll(/"((?:[^"]|"")+)"/g, (_, inner: string) =>
    namePart(inner.replaceAll('""', '"')),
  );
}

/** Longest title that is made of a statement's own text. */
const longest = 72;

/** A statement as a title: on one line, cut where it is long. */
export function statementTitle(sql: string): string {
  const text = sql.replaceAll(/\s+/g, " ").trim();
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest);
  const words = cut.slice(0, Math.max(cut.lastIndexOf(" "), 0)) || cut;
  // Nor inside a name or a text that is in quotes.
  const open = [...words.matchAll(/"[^"]*(?:"|$)|'[^']*(?:'|$)/g)].find(
    ([quoted]) => quoted.length < 2 || !quoted.endsWith(quoted[0]!),
  );
  return `${(words.slice(0, open?.index) || words).trimEnd()} …`;
}
