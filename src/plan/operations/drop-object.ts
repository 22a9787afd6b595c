import {
  diff,
  type Catalog,
  type Difference,
  type ForeignKeyConstraint,
  type QualifiedName,
  type Table,
} from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { isRequired } from "../lookup.ts";
import { transaction, type Exemption } from "../model.ts";
import { stillReferenced } from "./drop-column.ts";
import { keysAlong } from "./keys-along.ts";
import { staleRoutineNotes } from "../stale-routines.ts";
import { ownLockFirst } from "../online/both-locks.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `DROP` of a table, view, function, type, trigger and the like: in the contract phase, when no release is left that
 * uses it. What the migration makes anew under the same name cannot wait that long.
 */
export async function dropObject({
  statement: { node, sql },
  before,
  after,
  start,
  goal,
}: OperationInput): Promise<Recognised | Refusal | undefined> {
  if (!("DropStmt" in node)) return undefined;
  const gone = (await diff(before, after)).filter(({ kind }) => kind.startsWith("missing-"));
  if (gone.length === 0) return undefined;
  const title = sql.split("\n", 1)[0]!;
  const wasThere = keysOf(await diff(start, after));
  if (!gone.some((one) => wasThere.has(keyOf(one)))) return undefined;
  const made = new Set((await diff(after, goal)).map(({ kind, object }) => `${kind} ${object}`));
  const back = gone.filter(({ kind, object }) =>
    made.has(`${kind.replace(/^missing-/, "extra-")} ${object}`),
  );
  if (back.length > 0)
    return {
      title,
      refused: {
        why: `the migration drops ${back.map(({ object }) => object).join(", ")} and makes it anew under the same name: as long as both releases run, both need it, each in its own form`,
        instead: [
          "CREATE OR REPLACE, where the new form serves both releases",
          "the new form under a new name, which the new release uses; the old one is dropped in a later migration",
        ],
      },
    };
  const required = gone.flatMap((one) =>
    one.kind === "missing-column" && isRequired(one.before) && wasThere.has(keyOf(one))
      ? [one.object]
      : [],
  );
  if (required.length > 0)
    return {
      title,
      refused: {
        why: `CASCADE takes ${required.join(", ")} along, which an INSERT has to give until the contract phase: the new release, which does not know it, could insert no rows`,
        instead: [
          `ALTER TABLE … DROP COLUMN for ${required.join(", ")} in statements of their own before this one`,
        ],
      },
    };
  const along = keysAlong(before, after);
  return {
    title,
    planned: {
      narrow: [transaction(title, lockedFirst(joined(gone, before), sql))],
      notes: [
        ...notesOf(gone, goal),
        ...gone.flatMap((one) => (wasThere.has(keyOf(one)) ? unwrittenRows(one) : [])),
        ...along.notes,
      ],
      exemptions: [...gone.flatMap(exemptionsOf), ...along.exemptions],
    },
  };
}

function keysOf(differences: readonly Difference[]): ReadonlySet<string> {
  return new Set(differences.map(keyOf));
}

function keyOf({ kind, object }: Difference): string {
  return `${kind} ${object}`;
}

function parentsOf({ constraints }: Table): readonly QualifiedName[] {
  const parents = constraints.flatMap((one) =>
    one.kind === "foreign-key" ? [one.references.table] : [],
  );
  return [...new Set(parents)];
}

/**
 * Tables that go and that a foreign key holds together with others, and those whose partitions would be locked first: by
 * a trigger that goes (`parentFirst`).
 */
function joined(gone: readonly Difference[], { tables }: Catalog): readonly Table[] {
  const referred = new Set(Object.values(tables).flatMap(parentsOf));
  const found = gone.flatMap((one) => {
    if (one.kind === "missing-trigger") {
      const on = tables[one.before.table];
      return on?.kind === "partitioned" && !one.before.inherited ? [on] : [];
    }
    if (one.kind !== "missing-table" || one.before.kind === "foreign") return [];
    return referred.has(one.object) || parentsOf(one.before).length > 0 ? [one.before] : [];
  });
  return [...new Set(found)];
}

function lockedFirst(tables: readonly Table[], sql: string): readonly string[] {
  let statements: readonly string[] = [sql];
  for (const table of tables.toReversed()) statements = ownLockFirst(table, statements);
  return statements;
}

function exemptionsOf(one: Difference): readonly Exemption[] {
  if (one.kind === "missing-rule") return [{ kind: "rule-stays", relation: one.before.table }];
  if (one.kind !== "missing-table") return [];
  return parentsOf(one.before).map((relation) => ({ kind: "still-referenced", relation }));
}

/** What the new release has to bear as long as something that it does not know is there. */
function notesOf(gone: readonly Difference[], goal: Catalog): readonly string[] {
  return gone.flatMap((one) => {
    if (one.kind === "missing-rule")
      return [
        `the rule ${quoteIdent(one.before.name)} of ${one.before.table} stays until the contract phase: until then it applies to what the new release writes, and INSERT … ON CONFLICT (with a rule for INSERT or UPDATE) and RETURNING (with one that does something INSTEAD) fail there`,
      ];
    if (!relations.has(one.kind)) return [];
    const { name } = one.before as Table;
    const stale = staleRoutineNotes(goal, name, one.object);
    if (one.kind !== "missing-table") return stale;
    const keys = one.before.constraints.filter(
      (key): key is ForeignKeyConstraint => key.kind === "foreign-key",
    );
    return [...keys.map((key) => stillReferenced(one.object, key)), ...stale];
  });
}

/** What the old release has to bear of a table that the new one does not know; rows of a partition it may well write. */
function unwrittenRows(one: Difference): readonly string[] {
  if (one.kind !== "missing-table" || one.before.partitionOf !== null) return [];
  return [
    `${one.object} stays until the contract phase: the old release finds no rows there of what the new one writes`,
  ];
}

const relations: ReadonlySet<string> = new Set([
  "missing-table",
  "missing-view",
  "missing-materialized-view",
]);
