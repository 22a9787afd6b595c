import { qualifiedName, type Catalog, type Difference } from "../catalog/index.ts";
import type { TableName } from "../pg/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { isLedgerSchema } from "./history-on-scratch.ts";

/** Changes that no request to the product could exercise. */
const unseen = /comment|grant|index|statistics/;

/** What pending work changes, by name. */
export interface Changes {
  /** Objects that a probe could exercise. */
  readonly changed: readonly string[];
  /** Tables that exist already and are altered, be it by an index: others may be using them. */
  readonly tables: readonly TableName[];
}

/** Sums up how `after` differs from `before`. What belongs to the migration tool itself is left out. */
export function changesOf(
  differences: readonly Difference[],
  before: Catalog,
  after: Catalog,
  folder: MigrationFolder,
): Changes {
  const all = differences.filter((one) => !isLedgerSchema(one, folder));
  const changed = all.filter(({ kind }) => !unseen.test(kind)).map(({ object }) => object);
  const touched = [...new Set(all.map(({ object }) => object))];
  const owners = new Map([...indexOwners(after), ...indexOwners(before)]);
  const indexed = new Set(touched.map((object) => owners.get(object)));
  const tables = Object.entries(before.tables).filter(
    ([name]) =>
      indexed.has(name) ||
      touched.some((object) => object === name || object.startsWith(`${name}.`)),
  );
  return {
    changed: [...new Set(changed)].toSorted(),
    tables: tables.map(([, { schema, name }]) => ({ schema, name })),
  };
}

/** The table of each index, both by qualified name. */
function indexOwners({ tables }: Catalog): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const [table, { schema, indexes }] of Object.entries(tables))
    for (const { name } of indexes) owners.set(qualifiedName(schema, name), table);
  return owners;
}
