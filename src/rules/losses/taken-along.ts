import type { Node } from "@pgsql/types";
import {
  byId,
  columnsIn,
  findRelation,
  relationName,
  sameType,
  searchPathOf,
  type Relation,
  type World,
  type WorldConstraint,
} from "../../effects/index.ts";
import { qualifiedName } from "../../sql/index.ts";
import { sqlName, sqlRelation } from "../sql-names.ts";
import { partsOf } from "../subject.ts";
import type { StatementInput } from "../rule.ts";

/** Something that CASCADE takes along without its being named. */
export interface Taken {
  /** `foreign key orders_user_id_fkey of public.orders`. */
  readonly words: string;
  /** Qualified name of a relation or column. */
  readonly object?: string;
  /** What drops it by its own name; undefined where that would take others along again. */
  readonly sql: string | undefined;
  /** True when a catalog holds such a thing again. */
  readonly isThere: (world: World) => boolean;
}

/** True for DROP … CASCADE, and for ALTER TABLE with such a part. */
export function cascades({ node }: StatementInput["statement"]): boolean {
  if ("DropStmt" in node) return node.DropStmt.behavior === "DROP_CASCADE";
  const cmds = "AlterTableStmt" in node ? (node.AlterTableStmt.cmds ?? []) : [];
  return cmds.some(
    (cmd) => "AlterTableCmd" in cmd && cmd.AlterTableCmd.behavior === "DROP_CASCADE",
  );
}

/**
 * What goes with the objects that a statement names, by the catalogs before and after it: only what was there before
 * the file, and no parts of something that is named or told itself (indexes of a table, partitions, sequences of a column).
 */
export function takenAlong(input: StatementInput): readonly Taken[] {
  // The catalog before the statement is made when it is asked for.
  if (!cascades(input.statement)) return [];
  const { world, after, existing } = input;
  const named = namedBy(input);
  const taken: Taken[] = [];
  for (const before of world.relations.values()) {
    if (!existing.has(before.id) || before.persistence === "temporary") continue;
    const now = byId(after, before.id);
    if (now === before) continue;
    if (now === undefined) {
      if (!named.isRelation(before) && !isPart(before, input)) taken.push(relation(before));
    } else taken.push(...parts(before, now, named));
  }
  for (const before of world.routines.values())
    for (const routine of before) {
      const name = relationName(routine);
      const gone = !(after.routines.get(name) ?? []).some(({ id }) => id === routine.id);
      if (!gone || !existing.has(routine.id) || named.isRoutine(routine)) continue;
      taken.push({
        words: `${routine.kind} ${sqlRelation(routine)}`,
        sql: undefined,
        isThere: (later) => later.routines.has(name),
      });
    }
  return taken.toSorted((a, b) => (a.words < b.words ? -1 : 1));
}

function relation(before: Relation): Taken {
  const name = relationName(before);
  return {
    words: `${before.kind} ${sqlRelation(before)}`,
    object: name,
    sql: before.index === undefined ? undefined : `DROP INDEX ${sqlRelation(before)}`,
    isThere: (later) => later.relations.has(name),
  };
}

/** An index goes with its table, constraint or column, a partition with its parent, a sequence with its column. */
function isPart({ index, partitionOf, ownedBy }: Relation, { after }: StatementInput): boolean {
  const whole = index?.table ?? partitionOf?.parent ?? ownedBy?.table;
  if (whole === undefined) return false;
  const owner = byId(after, whole);
  if (owner === undefined || index?.constraint !== undefined || index?.partOf !== undefined)
    return true;
  if (ownedBy !== undefined) return !has(owner, [ownedBy.column]);
  if (index === undefined) return false;
  const within = [...index.expressions, index.predicate].flatMap(columnsIn);
  return !has(owner, [...index.columns, ...index.include, ...within]);
}

function has({ columns }: Relation, names: readonly (string | undefined)[]): boolean {
  const left = new Set(columns.map(({ name }) => name));
  return names.every((name) => name === undefined || name === "*" || left.has(name));
}

/** What is gone of a relation that stays. */
function parts(before: Relation, now: Relation, named: Named): readonly Taken[] {
  const place = sqlRelation(before);
  const name = relationName(before);
  const alter = `ALTER ${before.kind === "foreign table" ? "FOREIGN TABLE" : "TABLE"} ${place}`;
  const again = (is: (relation: Relation) => boolean) => (later: World) => {
    const found = later.relations.get(name);
    return found !== undefined && is(found);
  };
  const columns = before.columns.flatMap((column): Taken[] => {
    const left = now.columns.find(({ number }) => number === column.number);
    const shown = `${place}.${sqlName(column.name)}`;
    if (left === undefined)
      return column.inherited || named.isColumn(before, column.name)
        ? []
        : [
            {
              words: `column ${shown}`,
              object: `${name}.${qualifiedName(column.name)}`,
              sql: `${alter} DROP COLUMN ${sqlName(column.name)}`,
              isThere: again((one) => one.columns.some((each) => each.name === column.name)),
            },
          ];
    if (column.default === undefined || left.default !== undefined || column.inherited) return [];
    if (!sameType(column.type, left.type) || named.isColumn(before, column.name)) return [];
    return [
      {
        words: `the default of ${shown}`,
        sql: `${alter} ALTER COLUMN ${sqlName(column.name)} DROP DEFAULT`,
        isThere: again((one) =>
          one.columns.some((each) => each.name === column.name && each.default !== undefined),
        ),
      },
    ];
  });
  const constraints = before.constraints.flatMap((one): Taken[] => {
    const stays = now.constraints.some((other) => other.name === one.name);
    const what = constraintWords[one.kind];
    if (stays || what === undefined || one.inherited) return [];
    if (named.isConstraint(before, one.name) || !has(now, columnsOf(one))) return [];
    return [
      {
        words: `${what} ${sqlName(one.name)} of ${place}`,
        sql: `${alter} DROP CONSTRAINT ${sqlName(one.name)}`,
        isThere: again(({ constraints }) =>
          constraints.some((other) => other.kind === one.kind && other.name === one.name),
        ),
      },
    ];
  });
  const triggers = before.triggers.flatMap((one): Taken[] =>
    one.inherited || now.triggers.some((other) => other.name === one.name)
      ? []
      : [
          {
            words: `trigger ${sqlName(one.name)} of ${place}`,
            sql: `DROP TRIGGER ${sqlName(one.name)} ON ${place}`,
            isThere: again(({ triggers }) => triggers.some((other) => other.name === one.name)),
          },
        ],
  );
  const policies = before.policies.flatMap((one): Taken[] =>
    now.policies.some((other) => other.name === one.name)
      ? []
      : [
          {
            words: `policy ${sqlName(one.name)} of ${place}`,
            sql: `DROP POLICY ${sqlName(one.name)} ON ${place}`,
            isThere: again(({ policies }) => policies.some((other) => other.name === one.name)),
          },
        ],
  );
  return [...columns, ...constraints, ...triggers, ...policies];
}

/** A constraint goes with any of its columns. */
function columnsOf(constraint: WorldConstraint): readonly string[] {
  if (constraint.kind === "check") return columnsIn(constraint.expression);
  return constraint.kind === "not-null" ? [constraint.column] : constraint.columns;
}

/** A NOT NULL is told by its column. */
const constraintWords: Readonly<Partial<Record<WorldConstraint["kind"], string>>> = {
  check: "CHECK",
  exclusion: "exclusion constraint",
  "foreign-key": "foreign key",
  "primary-key": "primary key",
  unique: "unique constraint",
};

/** What a statement names itself, or what is a part of that. */
interface Named {
  isRelation(relation: Relation): boolean;
  isColumn(table: Relation, column: string): boolean;
  isConstraint(table: Relation, name: string): boolean;
  isRoutine(routine: { readonly schema: string; readonly name: string }): boolean;
}

function namedBy({ statement: { node }, world, session }: StatementInput): Named {
  const path = searchPathOf(session);
  const find = (parts: readonly string[]) => {
    const [name = "", schema] = parts.toReversed();
    return findRelation(world, { schema, name }, path)?.id;
  };
  if ("DropStmt" in node) {
    const { removeType = "", objects = [] } = node.DropStmt;
    const names = objects.map(partsOf);
    if (removeType === "OBJECT_SCHEMA") {
      const schemas = new Set(names.map((parts) => parts.at(-1)));
      return { ...nothing, isRelation: inSchemas(schemas), isRoutine: inSchemas(schemas) };
    }
    if (routines.has(removeType)) {
      const dropped = new Set(names.map((parts) => parts.at(-1)));
      return { ...nothing, isRoutine: ({ name }) => dropped.has(name) };
    }
    const ids = new Set(names.map(find));
    return attachedTo.has(removeType)
      ? nothing
      : { ...nothing, isRelation: ({ id }) => ids.has(id) };
  }
  if (!("AlterTableStmt" in node)) return nothing;
  const { relation, cmds = [] } = node.AlterTableStmt;
  const table = find(
    [relation?.schemaname, relation?.relname].filter((part) => part !== undefined),
  );
  const dropped = (subtype: string) =>
    new Set(
      cmds.flatMap((cmd: Node) =>
        "AlterTableCmd" in cmd && cmd.AlterTableCmd.subtype === subtype
          ? [cmd.AlterTableCmd.name ?? ""]
          : [],
      ),
    );
  const [columns, constraints] = [dropped("AT_DropColumn"), dropped("AT_DropConstraint")];
  return {
    ...nothing,
    isColumn: ({ id }, column) => id === table && columns.has(column),
    isConstraint: ({ id }, name) => id === table && constraints.has(name),
  };
}

const nothing: Named = {
  isRelation: () => false,
  isColumn: () => false,
  isConstraint: () => false,
  isRoutine: () => false,
};

const routines: ReadonlySet<string> = new Set([
  "OBJECT_AGGREGATE",
  "OBJECT_FUNCTION",
  "OBJECT_PROCEDURE",
  "OBJECT_ROUTINE",
]);

/** Triggers, rules and policies: their last name is no relation's. */
const attachedTo: ReadonlySet<string> = new Set(["OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"]);

function inSchemas(schemas: ReadonlySet<string | undefined>) {
  return ({ schema }: { readonly schema: string }) => schemas.has(schema);
}
