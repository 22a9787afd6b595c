import type { CatalogPart, PartialCatalog } from "./model.ts";
import { qualifiedName, type QualifiedName } from "./names.ts";
import { catalogParts } from "./parts.ts";
import { readCatalog } from "./read-catalog.ts";
import { readServer, serverSql, type ServerRow } from "./read-server.ts";
import { readSnapshot, required, type CatalogClient } from "./snapshot.ts";

/** A schema, or one table of it with the sequences it owns. */
export interface IgnoredObject {
  readonly schema: string;
  readonly table?: string;
}

export interface IntrospectOptions<Part extends CatalogPart = CatalogPart> {
  /** What to read; everything by default. Fewer parts cost fewer and shorter queries. */
  readonly parts?: readonly Part[];
  /** Only these schemas; all but the system's and Lockstep's own by default. */
  readonly schemas?: readonly string[];
  /** What to leave out, e.g. the ledger of a migration tool. */
  readonly ignore?: readonly IgnoredObject[];
  /**
   * "own" (default): read one snapshot in a transaction of its own; the session must not be in one.
   * "caller": read inside the transaction that is open on the session and see its uncommitted changes.
   */
  readonly transaction?: "own" | "caller";
}

/**
 * Reads the catalog of the database that `client` is connected to, in at most nine round trips, from one
 * consistent snapshot. Expressions and definitions are printed with only pg_catalog in the search path, so
 * every other name in them is qualified and the text does not depend on the session's settings, which are
 * put back afterwards.
 *
 * It takes no locks of its own. Printing a check constraint, a partition key, a generated column, an index on
 * expressions, a view, trigger condition, policy or rule opens the table, so it waits behind a statement that
 * holds ACCESS EXCLUSIVE on it: set `lock_timeout` on the session to bound that.
 *
 * @throws LockstepError `database-unsupported` before Postgres 14, `lock-timeout`, `privilege-missing`,
 * `connection-lost`
 */
export async function introspect<Part extends CatalogPart = CatalogPart>(
  client: CatalogClient,
  options: IntrospectOptions<Part> = {},
): Promise<PartialCatalog<Part>> {
  const parts = new Set<CatalogPart>(options.parts ?? catalogParts);
  const schemas = new Set<string>();
  const tables = new Set<QualifiedName>();
  for (const { schema, table } of options.ignore ?? [])
    if (table === undefined) schemas.add(schema);
    else tables.add(qualifiedName(schema, table));
  const catalog = await readSnapshot(client, options.transaction ?? "own", async (query) => {
    const [server] = await query<ServerRow>(serverSql);
    const facts = readServer(required(server), options.schemas, schemas);
    return readCatalog(query, facts, parts, tables);
  });
  return catalog as PartialCatalog<Part>;
}
