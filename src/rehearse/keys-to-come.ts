import type { AssumedKey } from "../clone/index.ts";
import { parseSql } from "../sql/index.ts";
import type { Migration } from "../tools/index.ts";

interface RangeVar {
  readonly schemaname?: string;
  readonly relname?: string;
}

interface Constraint {
  readonly contype?: string;
  readonly fk_attrs?: readonly NameNode[];
  readonly pk_attrs?: readonly NameNode[];
  readonly pktable?: RangeVar;
}

interface NameNode {
  readonly String?: { readonly sval?: string };
}

interface AlterTable {
  readonly relation?: RangeVar;
  readonly cmds?: readonly {
    readonly AlterTableCmd?: {
      readonly subtype?: string;
      readonly def?: {
        readonly Constraint?: Constraint;
        readonly ColumnDef?: { readonly colname?: string };
      };
    };
  }[];
}

/**
 * Foreign keys that migrations add to rows that are there: made without them the rows would be refused, whatever the source's
 * are like. None of a table, or over a column, that the migrations make themselves: no row of the source has a value there.
 */
export async function keysToCome(migrations: readonly Migration[]): Promise<readonly AssumedKey[]> {
  const keys: AssumedKey[] = [];
  const made = new Set<string>();
  for (const { sql, file } of migrations)
    for (const { node } of await parseSql(sql, file)) {
      const { AlterTableStmt: alter, CreateStmt: create } = node as {
        readonly AlterTableStmt?: AlterTable;
        readonly CreateStmt?: { readonly relation?: RangeVar };
      };
      if (create !== undefined) made.add(nameOf(create.relation));
      const own = nameOf(alter?.relation);
      for (const { AlterTableCmd: command } of alter?.cmds ?? []) {
        const column = command?.def?.ColumnDef?.colname;
        if (command?.subtype === "AT_AddColumn" && column !== undefined)
          made.add(`${own} ${column}`);
        const constraint = command?.def?.Constraint;
        if (command?.subtype !== "AT_AddConstraint" || constraint?.contype !== "CONSTR_FOREIGN")
          continue;
        const columns = namesOf(constraint.fk_attrs);
        if (made.has(own) || columns.some((name) => made.has(`${own} ${name}`))) continue;
        keys.push({
          table: relationOf(alter?.relation),
          columns,
          parent: relationOf(constraint.pktable),
          parentColumns: namesOf(constraint.pk_attrs),
        });
      }
    }
  return keys;
}

/** Without the schema that most files leave away. */
function nameOf(relation: RangeVar | undefined): string {
  const { schemaname = "public", relname = "" } = relation ?? {};
  return JSON.stringify([schemaname, relname]);
}

function relationOf(relation: RangeVar | undefined): AssumedKey["table"] {
  return { schema: relation?.schemaname, name: relation?.relname ?? "" };
}

function namesOf(nodes: readonly NameNode[] | undefined): readonly string[] {
  return (nodes ?? []).map((node) => node.String?.sval ?? "");
}
