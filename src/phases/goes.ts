import { copyWorld, fold, readWorld, type World } from "../effects/index.ts";
import type { Session } from "../pg/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import { parseSql } from "../sql/index.ts";

/** Names that the contract phase takes away: what only the old release says. */
export interface Going {
  readonly tables: readonly TableColumn["table"][];
  readonly columns: readonly TableColumn[];
  /** Labels of enums, as the type is named and the label is written. */
  readonly labels: readonly { readonly type: string; readonly label: string }[];
}

interface TableColumn {
  readonly table: { readonly schema: string; readonly name: string };
  readonly column: string;
}

/** What of the database as it is now the contract phase takes away, by name. */
export async function namesThatGo(
  session: Session,
  { plan, texts, path }: PlanFolder,
): Promise<Going> {
  const before = await readWorld(session);
  const after = copyWorld(before);
  for (const statement of await parseSql(texts["contract.sql"], `${path}/contract.sql`))
    fold(statement, after);
  // Made by the plan itself: no release knows it.
  const own = (name: string) => name.startsWith("lockstep_") && name.includes(plan.id);
  return {
    tables: relationsOf(before)
      .filter((one) => !relationsOf(after).some((other) => isSame(one, other)))
      .map(({ schema, name }) => ({ schema, name })),
    columns: relationsOf(before).flatMap((table) => {
      const later = relationsOf(after).find((other) => isSame(table, other));
      if (later === undefined) return [];
      const names = new Set(later.columns.map(({ name }) => name));
      return table.columns
        .filter(({ name }) => !names.has(name) && !own(name))
        .map(({ name }) => ({ table: { schema: table.schema, name: table.name }, column: name }));
    }),
    labels: [...before.types].flatMap(([type, { labels }]) => {
      const later = new Set(after.types.get(type)?.labels);
      return labels.filter((label) => !later.has(label)).map((label) => ({ type, label }));
    }),
  };
}

function relationsOf(world: World) {
  return [...world.relations.values()].filter(
    ({ kind, schema }) =>
      schema !== "lockstep" &&
      ["table", "partitioned table", "foreign table", "view", "materialized view"].includes(kind),
  );
}

function isSame(
  one: { readonly schema: string; readonly name: string },
  other: { readonly schema: string; readonly name: string },
): boolean {
  return one.schema === other.schema && one.name === other.name;
}
