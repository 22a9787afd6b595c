import type { TypeName } from "@pgsql/types";
import type { CheckedStatement, FileInput } from "./rule.ts";
import { nodesOf } from "./tree-search.ts";

/** A statement that uses an enum value before the transaction that adds it has been committed. */
export interface EarlyUse {
  readonly at: CheckedStatement;
  readonly value: string;
  readonly addedAt: CheckedStatement;
}

interface Added {
  readonly value: string;
  readonly type: string;
  readonly at: CheckedStatement;
}

/**
 * Uses of new enum values, by the text of their literals. Postgres refuses them (enum.c, check_safe_enum_use), but from
 * 17 on not when the type itself was made in the same transaction. For predicted statements: observed ones show it.
 */
export function earlyUses({ statements, context }: FileInput): readonly EarlyUse[] {
  const found: EarlyUse[] = [];
  let transaction: number | undefined;
  let added: Added[] = [];
  let made = new Set<string>();
  for (const checked of statements) {
    const { session, statement, source } = checked;
    if (!session.inTransaction || session.transaction !== transaction) {
      added = [];
      made = new Set();
      transaction = session.transaction;
    }
    if (!session.inTransaction) continue;
    const { node } = statement;
    if ("CreateEnumStmt" in node) made.add(lastName(node.CreateEnumStmt.typeName));
    else if ("AlterEnumStmt" in node) {
      const { typeName, newVal, oldVal } = node.AlterEnumStmt;
      const type = lastName(typeName);
      if (newVal !== undefined && oldVal === undefined && !(context.major >= 17 && made.has(type)))
        added.push({ value: newVal, type, at: checked });
    } else if (source.kind === "predicted" && added.length > 0) {
      const literals = new Set([...nodesOf(node, "A_Const")].map(({ sval }) => sval?.sval));
      const used = added.find(({ value }) => literals.has(value));
      if (used !== undefined) found.push({ at: checked, value: used.value, addedAt: used.at });
    }
  }
  return found;
}

function lastName(names: TypeName["names"] = []): string {
  const last = names.at(-1);
  return last !== undefined && "String" in last ? (last.String.sval ?? "") : "";
}
