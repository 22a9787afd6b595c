export { namePart, qualifiedName, type QualifiedName } from "../sql/index.ts";

/**
 * Prints names the way Postgres' own deparser does (`quote_identifier` in ruleutils.c): quoted where the
 * server's grammar needs it.
 *
 * @param keywords words of the server's grammar that are not unreserved (`pg_get_keywords`)
 */
export function namePrinter(keywords: ReadonlySet<string>): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    let printed = known.get(name);
    if (printed === undefined) {
      const bare = /^[a-z_][a-z0-9_]*$/.test(name) && !keywords.has(name);
      printed = bare ? name : `"${name.replaceAll('"', '""')}"`;
      known.set(name, printed);
    }
    return printed;
  };
}
