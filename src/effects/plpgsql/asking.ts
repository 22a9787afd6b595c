import type { SelectStmt } from "@pgsql/types";
import type { World } from "../world/model.ts";
import type { CatalogRow, CatalogTable } from "./catalog-rows.ts";
import type { Bindings } from "./constants.ts";

/** Where a program asks the catalog: what is known there. */
export interface Asking {
  readonly world: World;
  readonly searchPath: readonly string[];
  readonly bindings: Bindings;
}

/** One catalog in FROM. */
export interface Source {
  readonly alias: string;
  readonly columns: readonly string[];
  readonly table: CatalogTable;
}

/** A row of a join: the row of each source, by alias. */
export type JoinedRow = ReadonlyMap<string, CatalogRow>;

/** Where a condition of a query over catalogs stands. */
export interface AskingQuery extends Asking {
  readonly sources: readonly Source[];
  /** The value of a query that gives one. */
  readonly valueOf: (query: SelectStmt) => string | undefined;
}
