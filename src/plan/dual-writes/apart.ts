import { quoteQualified } from "../../sql/index.ts";
import { madeName } from "./names.ts";
import { dollarQuoted } from "./quoting.ts";

/**
 * Name, quoted, of the function that tells of a row of a table, its one argument, whether its two forms do not belong
 * together.
 *
 * @param column where the table has one for each column
 */
export function apartFunction(
  plan: string,
  { schema, name }: { readonly schema: string; readonly name: string },
  ...column: readonly string[]
): string {
  return quoteQualified("lockstep", madeName("apart", plan, schema, name, ...column));
}

/** The statement that makes it. It reads the row as `t`, and changes nothing. */
export function rowFunction(name: string, table: string, path: string, body: string): string {
  return `CREATE OR REPLACE FUNCTION ${name}(t ${table}) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = ${path} AS ${dollarQuoted(body)}`;
}
