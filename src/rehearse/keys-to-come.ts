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
      readonly def?: { readonly Constraint?: Constraint };
    };
  }[];
}

/** Foreign keys that migrations add to tables: rows that were made without them would be refused, whatever the source's are like. */
export async function keysToCome(migrations: readonly Migration[]): Promise<readonly AssumedKey[]> {
  const keys: AssumedKey[] = [];
  for (const { sql, file } of migrations)
    for (const { node } of await parseSql(sql, file)) {
      const { AlterTableStmt: alter } = node as { readonly AlterTableStmt?: AlterTable };
      for (const { AlterTableCmd: command } of alter?.cmds ?? []) {
        const constraint = command?.def?.Constraint;
        if (command?.subtype !== "AT_AddConstraint" || constraint?.contype !== "CONSTR_FOREIGN")
          continue;
        keys.push({
          table: relationOf(alter?.relation),
          columns: namesOf(constraint.fk_attrs),
          parent: relationOf(constraint.pktable),
          parentColumns: namesOf(constraint.pk_attrs),
        });
      }
    }
  return keys;
}

function relationOf(relation: RangeVar | undefined): AssumedKey["table"] {
  return { schema: relation?.schemaname, name: relation?.relname ?? "" };
}

function namesOf(nodes: readonly NameNode[] | undefined): readonly string[] {
  return (nodes ?? []).map((node) => node.String?.sval ?? "");
}
