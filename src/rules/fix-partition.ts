import type { PartitionBoundSpec, RangeVar } from "@pgsql/types";
import { findRelation, partitionsOf, type Relation, searchPathOf } from "../effects/index.ts";
import type { WayOut } from "./finding.ts";
import { stepsInstead, type Step } from "./fix-steps.ts";
import type { StatementInput } from "./rule.ts";
import { sqlName, sqlRelation } from "./sql-names.ts";

/** A partition that is about to join a partitioned table. */
interface Joining {
  readonly parent: RangeVar;
  readonly bound: PartitionBoundSpec;
  /** The table that is attached; undefined for a new one. */
  readonly attached: RangeVar | undefined;
}

/**
 * ATTACH PARTITION and CREATE TABLE … PARTITION OF after validated checks that prove what Postgres would otherwise
 * read the table, and the default partition, for (manual 5.12.2.2). For one key column only.
 */
export function attachAfterCheck(input: StatementInput): WayOut | undefined {
  const joining = joiningOf(input);
  if (joining === undefined) return undefined;
  const parent = lookUp(input, joining.parent);
  const [key, ...more] = parent?.partitioning?.columns ?? [];
  if (parent === undefined || key === undefined || more.length > 0) return undefined;
  const belongs = boundExpression(input, joining.bound, sqlName(key));
  if (belongs === undefined) return undefined;
  const proofs: Proof[] = [];
  const attached = joining.attached === undefined ? undefined : lookUp(input, joining.attached);
  if (joining.attached !== undefined && attached === undefined) return undefined;
  if (attached !== undefined) proofs.push(proofOf(attached, belongs));
  const rest = partitionsOf(input.world, parent.id).find(
    ({ partitionOf }) => partitionOf?.isDefault,
  );
  if (rest !== undefined) proofs.push(proofOf(rest, `NOT (${belongs})`));
  return stepsInstead(
    input,
    "Prove first, with a CHECK that is validated while reads and writes go on, that no row is out of place; then nothing is read.",
    [
      ...proofs.flatMap(({ before }) => before),
      { sql: input.text.sql, strong: true },
      ...proofs.map(({ after }) => after),
    ],
  );
}

interface Proof {
  readonly before: readonly Step[];
  readonly after: Step;
}

function proofOf(relation: Relation, expression: string): Proof {
  const table = sqlRelation(relation);
  const name = sqlName(`${relation.name}_bound`);
  return {
    before: [
      {
        sql: `ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (${expression}) NOT VALID`,
        strong: true,
      },
      { sql: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name}` },
    ],
    after: { sql: `ALTER TABLE ${table} DROP CONSTRAINT ${name}`, strong: true },
  };
}

function joiningOf({ statement: { node } }: StatementInput): Joining | undefined {
  if ("CreateStmt" in node) {
    const { inhRelations: [parent] = [], partbound: bound } = node.CreateStmt;
    return parent !== undefined && "RangeVar" in parent && bound !== undefined
      ? { parent: parent.RangeVar, bound, attached: undefined }
      : undefined;
  }
  if (!("AlterTableStmt" in node)) return undefined;
  const { relation: parent, cmds: [cmd] = [] } = node.AlterTableStmt;
  const def = cmd !== undefined && "AlterTableCmd" in cmd ? cmd.AlterTableCmd.def : undefined;
  if (parent === undefined || def === undefined || !("PartitionCmd" in def)) return undefined;
  const { name: attached, bound } = def.PartitionCmd;
  return attached === undefined || bound === undefined ? undefined : { parent, bound, attached };
}

function lookUp({ world, session }: StatementInput, range: RangeVar): Relation | undefined {
  const name = { schema: range.schemaname, name: range.relname ?? "" };
  return findRelation(world, name, searchPathOf(session));
}

/** What holds for every row of a partition with this bound; undefined for hash and default partitions. */
function boundExpression(
  { text }: StatementInput,
  bound: PartitionBoundSpec,
  key: string,
): string | undefined {
  if (bound.is_default === true) return undefined;
  const group = (word: string, from: number) => {
    const at = text.find(word, from);
    if (at === undefined) return undefined;
    const to = text.closing(at + 1);
    return { inner: text.slice(at + 2, to - 1), to };
  };
  const start = text.at(bound.location);
  const terms = [`${key} IS NOT NULL`];
  if (bound.strategy === "l") {
    const values = group("IN", start);
    if (values === undefined) return undefined;
    terms.push(`${key} IN (${values.inner})`);
  } else if (bound.strategy === "r") {
    const lower = group("FROM", start);
    const upper = lower === undefined ? undefined : group("TO", lower.to);
    if (lower === undefined || upper === undefined) return undefined;
    if (lower.inner.toUpperCase() !== "MINVALUE") terms.push(`${key} >= ${lower.inner}`);
    if (upper.inner.toUpperCase() !== "MAXVALUE") terms.push(`${key} < ${upper.inner}`);
  } else return undefined;
  return terms.join(" AND ");
}
