import { quoteIdent, type Statement } from "../sql/index.ts";
import { bodyOf, inside, listOf } from "./tree.ts";

/**
 * A statement that takes the lock of its own table before an `ALTER TABLE … ADD FOREIGN KEY`, which locks the table that
 * it refers to as well (ATAddForeignKeyConstraint, tablecmds.c): two waits in one statement, the second one with the
 * first lock held, each as long as `lock_timeout` allows. With it the statement waits for the second one alone.
 *
 * It locks as the statement itself does, and nothing that belongs to somebody else: the owner may always.
 *
 * @returns undefined for any other statement
 */
export function ownLockOf(statement: Statement): string | undefined {
  if (statement.kind !== "AlterTableStmt") return undefined;
  const body = bodyOf(statement);
  if (body["missing_ok"] === true) return undefined;
  const keys = listOf(body, "cmds").every(
    ({ subtype, def }) =>
      subtype === "AT_AddConstraint" && inside(def)["contype"] === "CONSTR_FOREIGN",
  );
  if (!keys) return undefined;
  const { schemaname, relname } = body["relation"] as Readonly<Record<string, string | undefined>>;
  const name = [schemaname, relname].flatMap((part) =>
    part === undefined ? [] : [quoteIdent(part)],
  );
  return `LOCK TABLE ONLY ${name.join(".")} IN SHARE ROW EXCLUSIVE MODE`;
}
