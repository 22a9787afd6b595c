import type { ParseNode, Statement } from "../sql/index.ts";

/**
 * Puts each `DROP CONSTRAINT` right before the statement that adds a constraint of the same name to the same table, so
 * that one operation sees both: generators drop all constraints first and add all of them later. Only over statements
 * that do not mind: those that make constraints, tables and indexes, or drop what comes back as well.
 */
export function besideSuccessors<Each extends Statement>(
  statements: readonly Each[],
): readonly Each[] {
  const order = [...statements];
  // From the last one on, so that those that go to the same place keep their order.
  for (const statement of statements.toReversed()) {
    const from = order.indexOf(statement);
    const to = successorOf(order, from);
    if (to === undefined) continue;
    const between = order.slice(from + 1, to.at);
    if (
      !between.every((one) =>
        isPassable(one, order, { own: changeOf(statement, drops)?.name, ...to }),
      )
    )
      continue;
    order.splice(to.at, 0, statement);
    order.splice(from, 1);
  }
  return order.map((statement, index) => ({ ...statement, index }));
}

interface Successor {
  readonly at: number;
  /** Name of the table that a foreign key refers to. */
  readonly references: string | undefined;
}

/** Where the constraint comes back; undefined for what drops none, or one for good. */
function successorOf(statements: readonly Statement[], at: number): Successor | undefined {
  const dropped = changeOf(statements[at]!, drops);
  // What goes with a constraint that is dropped with CASCADE is known to Postgres alone.
  if (dropped === undefined || dropped.command.behavior === "DROP_CASCADE") return undefined;
  for (const [n, statement] of statements.entries()) {
    if (n <= at) continue;
    const added = changeOf(statement, adds);
    const def = added?.command.def;
    if (def === undefined || !("Constraint" in def) || added?.table !== dropped.table) continue;
    if (def.Constraint.conname === dropped.command.name)
      return { at: n, references: def.Constraint.pktable?.relname };
  }
  return undefined;
}

/** A foreign key goes before the key that it depends on, and comes after the one that it is to depend on. */
function isPassable(
  statement: Statement,
  statements: readonly Statement[],
  { own, references }: Pick<Successor, "references"> & { readonly own: string | undefined },
): boolean {
  if ("CreateStmt" in statement.node || "IndexStmt" in statement.node) return true;
  if (changeOf(statement, adds) !== undefined)
    return references !== undefined || referencedBy(statement) !== own;
  const successor = successorOf(statements, statements.indexOf(statement));
  if (successor === undefined) return false;
  return successor.references !== undefined || changeOf(statement, drops)?.name !== references;
}

/** Name of the table that the foreign key refers to which a statement adds. */
function referencedBy(statement: Statement): string | undefined {
  const def = changeOf(statement, adds)?.command.def;
  return def !== undefined && "Constraint" in def ? def.Constraint.pktable?.relname : undefined;
}

const drops = "AT_DropConstraint";
const adds = "AT_AddConstraint";

type AlterCommand = Extract<ParseNode, { AlterTableCmd: unknown }>["AlterTableCmd"];

interface Change {
  /** As it is written. */
  readonly table: string;
  readonly name: string | undefined;
  readonly command: AlterCommand;
}

/** The one change of an `ALTER TABLE`, when it is of this kind. */
function changeOf({ node }: Statement, subtype: typeof drops | typeof adds): Change | undefined {
  if (!("AlterTableStmt" in node)) return undefined;
  const { cmds: [own, ...more] = [], relation } = node.AlterTableStmt;
  if (own === undefined || more.length > 0 || !("AlterTableCmd" in own)) return undefined;
  if (own.AlterTableCmd.subtype !== subtype) return undefined;
  const table = JSON.stringify([relation?.schemaname, relation?.relname]);
  return { table, name: relation?.relname, command: own.AlterTableCmd };
}
