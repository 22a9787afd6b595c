/** A name as a quoted identifier: always in double quotes, so that case and keywords are kept. */
export function quoteIdent(name: string): string {
  if (name.includes("\0")) throw new TypeError("an identifier cannot hold a NUL character");
  return `"${name.replaceAll('"', '""')}"`;
}

/** `schema.name`, both quoted. */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdent(schema)}.${quoteIdent(name)}`;
}

/**
 * A string as an SQL literal that means the same whatever `standard_conforming_strings` says:
 * text with a backslash is written in the E'' form (manual 4.1.2.2).
 */
export function quoteLiteral(text: string): string {
  if (text.includes("\0")) throw new TypeError("an SQL literal cannot hold a NUL character");
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? ` E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
