import {
  qualifiedName,
  type Catalog,
  type QualifiedName,
  type Table,
} from "../../catalog/index.ts";
import { quoteIdent, quoteLiteral, type ParseNode } from "../../sql/index.ts";
import { dollarQuoted, madeName } from "../dual-writes/index.ts";
import { named, partitionsIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import { outside, transaction, type PlannedOperation, type Step } from "../model.ts";
import { boundChecks } from "../online/bound.ts";
import { buildSteps } from "../online/index-build.ts";
import { isKey, keySteps } from "../online/key.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `ATTACH PARTITION` and `DETACH PARTITION` of a table that is there. The new release needs the partition, so that it is
 * attached right before; what would be built under the lock is built then. The old release reads the rows of one that
 * is detached: that is for the contract phase.
 */
export function attachOrDetach(input: OperationInput): Recognised | Refusal | undefined {
  const { statement, before, existed, searchPath } = input;
  const change = tableChange(statement.node, before, searchPath);
  if (change === undefined || !existed(change.table)) return undefined;
  const { subtype, def } = change.command;
  const part = partitionOf(def, before, searchPath);
  if (part === undefined || !existed(part)) return undefined;
  if (subtype === "AT_AttachPartition") return attached(input, change.table, part);
  return subtype === "AT_DetachPartition" ? detached(input, change.table, part) : undefined;
}

function partitionOf(
  def: ParseNode | undefined,
  before: Catalog,
  searchPath: readonly string[],
): Table | undefined {
  if (def === undefined || !("PartitionCmd" in def)) return undefined;
  return def.PartitionCmd.name && named(before.tables, def.PartitionCmd.name, searchPath);
}

function attached(input: OperationInput, parent: Table, part: Table): Recognised | Refusal {
  const { statement, after, effect, start } = input;
  const title = `attach ${sqlName(part)} to ${sqlName(parent)}`;
  const afterwards = tableIn(after, part)!;
  const reads = effect.work.filter(({ kind }) => kind !== "index-build");
  const first = tableIn(start, part);
  const isProven = part.constraints.every(({ name }) =>
    first?.constraints.some((constraint) => constraint.name === name),
  );
  if (reads.length > 0 || !isProven) return { title, refused: unproven(parent, part, afterwards) };
  const [on, own] = [sqlName(parent), sqlName(part)];
  const detach = `ALTER TABLE ${on} DETACH PARTITION ${own}`;
  const isAttached = `SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = pg_catalog.to_regclass(${quoteLiteral(own)}) AND inhparent = pg_catalog.to_regclass(${quoteLiteral(on)})`;
  const undo = `DO ${dollarQuoted(`BEGIN IF EXISTS (${isAttached}) THEN ${detach}; END IF; END`)}`;
  return {
    title,
    planned: {
      settle: [...indexesOf(after, part, afterwards), transaction(title, [statement.sql], [undo])],
      notes: [
        `rows of ${own} are rows of ${on} from the end of the backfill phase on, for the old release too`,
      ],
    },
  };
}

/**
 * What would be read under the lock has to be proven by a migration before: a check on the table refuses rows that the
 * old release may write, and comes in the contract phase, when the new release needs the partition already.
 */
function unproven(parent: Table, part: Table, afterwards: Table): Refusal["refused"] {
  const own = sqlName(part);
  const checks = boundChecks(parent, afterwards.partitionOf!);
  const first =
    checks === undefined
      ? `a migration before that adds what SELECT pg_get_partition_constraintdef(…) says on a copy where it is attached, as a CHECK of ${own}`
      : `a migration before this one: ALTER TABLE ${own} ADD CHECK (${checks.inside})`;
  return {
    why: `Postgres reads all of ${own} (and the default partition, if there is one) while nobody can use it, to see which rows belong into the partition. A CHECK that proves it refuses rows that the old release may still write, so that it cannot come in the same migration`,
    instead: [
      `${first}; lockstep plan adds it online, and this one then reads nothing`,
      ...(checks === undefined
        ? []
        : [
            `the same for a default partition: ADD CHECK (${checks.outside}), and for foreign keys that ${own} lacks`,
          ]),
      "in a maintenance window: expect 0.2 to 1 s for each million rows",
    ],
  };
}

/** The indexes that Postgres would build while nobody can use the table; it takes over what is there. */
function indexesOf(after: Catalog, part: Table, afterwards: Table): readonly Step[] {
  const had = new Set(part.indexes.map(({ name }) => name));
  const nameOf = ({ name }: { readonly name: string }) => name;
  return afterwards.indexes.flatMap((index) => {
    if (had.has(index.name)) return [];
    const key = afterwards.constraints.find(
      (constraint) => isKey(constraint) && constraint.index === index.name,
    );
    if (key === undefined || !isKey(key))
      return buildSteps({ catalog: after, table: afterwards, index, nameOf });
    const { builds, names } = keySteps({ catalog: after, table: afterwards, key, nameOf });
    return [...builds, ...names];
  });
}

/** A check that spares Postgres the reading, for as long as it is needed. */
function proof(table: Table, expression: string, plan: string) {
  const on = sqlName(table);
  const check = quoteIdent(madeName(table.name, "bound", plan));
  return {
    proves: [
      transaction(`${check} on ${on}: what the bound says, for new rows`, [
        `ALTER TABLE ${on} ADD CONSTRAINT ${check} CHECK (${expression}) NOT VALID`,
      ]),
      transaction(`${check} on ${on}, for the rows that are there`, [
        `ALTER TABLE ${on} VALIDATE CONSTRAINT ${check}`,
      ]),
    ],
    done: transaction(`${check} has done its work`, [
      `ALTER TABLE ${on} DROP CONSTRAINT IF EXISTS ${check}`,
    ]),
  };
}

/** Rows elsewhere may refer to those that leave (RI_PartitionRemove_Check, ri_triggers.c). */
function referredTo(
  parent: Table,
  part: Table,
  referring: readonly QualifiedName[],
): Refusal["refused"] {
  const names = [...new Set(referring)].join(", ");
  return {
    why: `${names} refers to ${sqlName(parent)}: Postgres reads all of it, while nobody can write it, to see that no row refers to one of ${sqlName(part)}; CONCURRENTLY reads it too`,
    instead: [
      `in migrations before and after: drop the foreign key of ${names}, detach, and add the key again, which lockstep plan does online`,
      "in a maintenance window: expect 0.2 to 1 s for each million rows",
    ],
  };
}

function detached(input: OperationInput, parent: Table, part: Table): Recognised | Refusal {
  const { before, plan, effect } = input;
  const title = `detach ${sqlName(part)} from ${sqlName(parent)}`;
  const detach = `ALTER TABLE ${sqlName(parent)} DETACH PARTITION ${sqlName(part)}`;
  const own = qualifiedName(part.schema, part.name);
  const referring = effect.work.flatMap((work) => (work.relation === own ? [] : [work.relation]));
  if (referring.length > 0) return { title, refused: referredTo(parent, part, referring) };
  const checks = boundChecks(parent, part.partitionOf!);
  const hasDefault = partitionsIn(before, parent).some(
    (one) => one.partitionOf?.bound === "DEFAULT",
  );
  const said: Pick<PlannedOperation, "notes" | "exemptions"> = {
    notes: [
      `rows of ${sqlName(part)} are rows of ${sqlName(parent)} until the contract phase, also those of the new release; what its bound refuses it takes from then on`,
    ],
    exemptions: [{ kind: "partition-bound", relation: qualifiedName(part.schema, part.name) }],
  };
  // A default partition does not let others go concurrently (ATExecDetachPartition).
  if (hasDefault || checks === undefined)
    return { title, planned: { ...said, narrow: [transaction(title, [detach])] } };
  // Postgres leaves a check of its own behind where none says what the bound said (DetachAddConstraintIfNeeded).
  const { proves, done } = proof(part, checks.inside, plan);
  const concurrently = outside(title, `${detach} CONCURRENTLY`);
  return { title, planned: { ...said, narrow: [...proves, concurrently, done] } };
}
