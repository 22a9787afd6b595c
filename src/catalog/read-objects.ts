import type { CatalogPart } from "./model.ts";
import { isOptional, type Presence } from "./present.ts";
import type { ColumnNotes } from "./read-columns.ts";
import { policiesSql, rulesSql, statisticsSql, triggersSql } from "./read-attached.ts";
import { commentsSql, grantsSql } from "./read-notes.ts";
import { aggregatesSql, routinesSql } from "./read-routines.ts";
import { columnTypesSql } from "./type-refs.ts";
import { domainsSql, enumsSql, rangesSql } from "./read-types.ts";

/** Gives a value's place in the query: `$2`. */
type Bind = (value: unknown) => string;

/** Parts whose rows come as JSON in one query, because there are few of them. */
const queries = {
  columnTypes: ({ types }, _, bind) =>
    columnTypesSql(
      bind(types.map(({ type }) => type)),
      bind(types.map(({ modifier }) => modifier)),
      bind(types.map(({ collation }) => collation)),
    ),
  enums: () => enumsSql,
  domains: () => domainsSql,
  rangeTypes: () => rangesSql,
  routines: () => routinesSql,
  aggregates: () => aggregatesSql,
  triggers: () => triggersSql,
  policies: () => policiesSql,
  rules: () => rulesSql,
  statistics: () => statisticsSql,
  comments: () => commentsSql,
  grants: ({ granted }, present, bind) =>
    grantsSql(present, granted.size === 0 ? undefined : bind([...granted])),
} as const satisfies Partial<
  Record<
    CatalogPart | "columnTypes",
    (columns: ColumnNotes, present: ReadonlySet<Presence>, bind: Bind) => string
  >
>;

/** A part, or the types of the columns of others. */
export type ObjectPart = keyof typeof queries;

/** One object of a part, as JSON text. */
export interface ObjectRow {
  readonly part: ObjectPart;
  readonly data: string;
}

/** Rows of each part, parsed. */
export type ObjectGroups = ReadonlyMap<ObjectPart, readonly unknown[]>;

/**
 * The queries of all wanted parts as one, but for those that the database has nothing of; its text is empty when none is
 * left. $1 are the schemas.
 */
export function objectsQuery(
  schemas: readonly number[],
  parts: ReadonlySet<CatalogPart>,
  present: ReadonlySet<Presence>,
  columns: ColumnNotes,
): { readonly text: string; readonly params: readonly unknown[] } {
  const params: unknown[] = [schemas];
  const bind: Bind = (value) => `$${params.push(value)}`;
  const wanted = new Set<string>(
    [...parts].filter((part) => !isOptional(part) || present.has(part)),
  );
  if (columns.types.length > 0) wanted.add("columnTypes");
  const texts = Object.entries(queries)
    .filter(([part]) => wanted.has(part))
    .map(
      ([part, sql]) =>
        `SELECT '${part}' AS part, row_to_json(q)::text AS data FROM (${sql(columns, present, bind)}) q`,
    );
  return { text: texts.join("\nUNION ALL\n"), params };
}

export function groupObjects(rows: readonly ObjectRow[]): ObjectGroups {
  const groups = new Map<ObjectPart, unknown[]>();
  for (const { part, data } of rows) {
    const group = groups.get(part);
    const item: unknown = JSON.parse(data);
    if (group === undefined) groups.set(part, [item]);
    else group.push(item);
  }
  return groups;
}
