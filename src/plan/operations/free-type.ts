import { qualifiedName } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { isHarmless } from "../harmless.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import { transaction } from "../model.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * `ALTER COLUMN … TYPE` that Postgres does in its catalogs alone (a longer varchar, text instead of it). Right before the
 * new release, which may write the longer values; a plan that a session has cached does not outlive it, whenever it comes
 * (RevalidateCachedQuery, plancache.c).
 */
export function freeType(input: OperationInput): Recognised | undefined {
  const { statement, before, after, effect, existed, searchPath } = input;
  const change = tableChange(statement.node, before, searchPath);
  if (change?.command.subtype !== "AT_AlterColumnType" || !existed(change.table)) return undefined;
  const name = change.command.name ?? "";
  const [was, is] = [change.table, tableIn(after, change.table)].map(
    (table) => table && columnIn(table, name),
  );
  if (!isHarmless(effect) || was === undefined || is === undefined) return undefined;
  if (was.type.text === is.type.text) return undefined;
  const { schema, name: table } = change.table;
  const column = `${sqlName(change.table)}.${quoteIdent(name)}`;
  const key = qualifiedName(schema, table);
  const title = `change ${column} from ${was.type.text} to ${is.type.text}`;
  return {
    title,
    planned: {
      settle: [transaction(title, [statement.sql])],
      remains: [`column-type-changed ${qualifiedName(schema, table, name)}`],
      notes: [
        `a statement prepared by name that returns ${column} fails from the end of the backfill phase on until it is prepared again ("cached plan must not change result type"), as it does with the naive statement; drivers that prepare unnamed are not affected`,
        `${column} stays ${is.type.text} after an abort: what has been written by then may not fit into ${was.type.text}`,
      ],
      exemptions: [{ kind: "prepared-statements", relation: key }],
    },
  };
}
