import { qualifiedName } from "../../../sql/index.ts";
import type { ExtendedStatistics, Policy, RelationUse, RewriteRule, Trigger } from "../model.ts";
import { ruleFacts, statisticsFacts, triggerFacts } from "../written-facts.ts";
import type { ExpressionTexts } from "./expressions.ts";
import { groupBy } from "./group.ts";
import type { AttachedRow, UseRow } from "./queries.ts";
import type { ColumnNames } from "./relations.ts";

/** What policies and rewrite rules use, by their oids. */
export type Uses = ReadonlyMap<number, readonly UseRow[]>;

export function groupUses(rows: readonly UseRow[]): Uses {
  return groupBy(rows, (row) => row.object);
}

export function buildTrigger(
  row: AttachedRow,
  texts: ExpressionTexts,
  schemaName: (oid: number | null) => string,
): Trigger {
  const node = texts.query(row.text);
  const written = node !== undefined && "CreateTrigStmt" in node ? node.CreateTrigStmt : {};
  return {
    ...triggerFacts(written),
    name: row.name,
    enabled: row.enabled,
    routine: qualifiedName(schemaName(row.schema), row.routine ?? ""),
    from: row.other === 0 ? undefined : row.other,
    inherited: row.flag,
  };
}

export function buildRule(
  row: AttachedRow,
  uses: Uses,
  nameOf: ColumnNames,
  texts: ExpressionTexts,
): RewriteRule {
  const node = texts.query(row.text);
  return {
    ...ruleFacts(node !== undefined && "RuleStmt" in node ? node.RuleStmt : {}),
    name: row.name,
    enabled: row.enabled,
    uses: usesOf(row, uses, nameOf),
  };
}

export function buildPolicy(
  row: AttachedRow,
  uses: Uses,
  nameOf: ColumnNames,
  texts: ExpressionTexts,
): Policy {
  return {
    name: row.name,
    using: texts.expressions(row.text)[0],
    check: texts.expressions(row.check)[0],
    uses: usesOf(row, uses, nameOf),
  };
}

export function buildStatistics(
  row: AttachedRow,
  texts: ExpressionTexts,
  schemaName: (oid: number | null) => string,
): ExtendedStatistics {
  const node = texts.query(row.text);
  return {
    name: qualifiedName(schemaName(row.schema), row.name),
    ...statisticsFacts(node !== undefined && "CreateStatsStmt" in node ? node.CreateStatsStmt : {}),
  };
}

/** The own relation counts only by its columns: everything attached to it depends on it as such. */
function usesOf(row: AttachedRow, uses: Uses, nameOf: ColumnNames): readonly RelationUse[] {
  return (uses.get(row.oid) ?? []).flatMap(({ relation, columns }) => {
    const names = columns.flatMap((number) => nameOf(relation, number) ?? []);
    return relation === row.relation && names.length === 0 ? [] : [{ relation, columns: names }];
  });
}
