import type { Catalog, ForeignKeyConstraint, Table } from "../../catalog/index.ts";
import { quoteIdent, type ParseNode } from "../../sql/index.ts";
import { madeName } from "../dual-writes/index.ts";
import { named, partitionsIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import { outside, transaction, type Step } from "../model.ts";
import { boundChecks } from "../online/bound.ts";
import { buildSteps } from "../online/index-build.ts";
import { isKey, keySteps } from "../online/key.ts";
import { validatedSteps } from "../online/validated.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `ATTACH PARTITION` and `DETACH PARTITION` of a table that is there: rows appear in the partitioned table or vanish
 * from it, so both belong to the contract phase. What they would read or build under their lock is done before.
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
  const { statement, before, after, plan, major } = input;
  const title = `attach ${sqlName(part)} to ${sqlName(parent)}`;
  const afterwards = tableIn(after, part)!;
  const checks = boundChecks(parent, afterwards.partitionOf!);
  if (checks === undefined)
    return {
      title,
      refused: {
        why: `Postgres reads all of ${sqlName(part)} while nobody can use it, to see that each row belongs into the partition; a CHECK that proves it can be written down only for a bound by range or list of one column`,
        instead: [
          "in a maintenance window: expect 0.2 to 1 s for each million rows, with their indexes on top where they are missing",
          `add the condition that Postgres itself has for the bound as a CHECK first: SELECT pg_get_partition_constraintdef('${sqlName(part)}'::regclass) on a copy where it is attached`,
        ],
      },
    };
  const fallback = partitionsIn(before, parent).find((one) => one.partitionOf?.bound === "DEFAULT");
  const proofs = [
    { table: part, expression: checks.inside },
    ...(fallback === undefined ? [] : [{ table: fallback, expression: checks.outside }]),
  ].map(({ table, expression }) => proof(table, expression, plan));
  return {
    title,
    planned: {
      settle: indexesOf(after, part, afterwards),
      narrow: [
        ...keysOf(before, after, part, afterwards, major),
        ...proofs.flatMap(({ proves }) => proves),
        transaction(title, [statement.sql]),
        ...proofs.map(({ done }) => done),
      ],
      notes: [
        `${sqlName(part)} is read through ${sqlName(parent)} from the contract phase on, by neither release before`,
      ],
    },
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

/** The foreign keys that Postgres would check. */
function keysOf(
  before: Catalog,
  after: Catalog,
  part: Table,
  { constraints }: Table,
  major: number,
): readonly Step[] {
  const had = new Set(part.constraints.map(({ name }) => name));
  return constraints
    .filter((one): one is ForeignKeyConstraint => one.kind === "foreign-key" && !had.has(one.name))
    .flatMap((constraint) => validatedSteps({ before, after, table: part, constraint, major }));
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

function detached(input: OperationInput, parent: Table, part: Table): Recognised {
  const { before, plan } = input;
  const title = `detach ${sqlName(part)} from ${sqlName(parent)}`;
  const detach = `ALTER TABLE ${sqlName(parent)} DETACH PARTITION ${sqlName(part)}`;
  const checks = boundChecks(parent, part.partitionOf!);
  const hasDefault = partitionsIn(before, parent).some(
    (one) => one.partitionOf?.bound === "DEFAULT",
  );
  // A default partition does not let others go concurrently (ATExecDetachPartition).
  if (hasDefault || checks === undefined)
    return { title, planned: { narrow: [transaction(title, [detach])] } };
  // Postgres leaves a check of its own behind where none says what the bound said (DetachAddConstraintIfNeeded).
  const { proves, done } = proof(part, checks.inside, plan);
  return {
    title,
    planned: { narrow: [...proves, outside(title, `${detach} CONCURRENTLY`), done] },
  };
}
