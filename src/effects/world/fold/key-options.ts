import type { IndexElem, SortByDir, SortByNulls } from "@pgsql/types";
import type { IndexKeyOptions, Relation } from "../model.ts";
import { strings } from "../nodes.ts";

/** A key of which nothing but the column is written: what `IndexKeyOptions` are by default. */
export const plainKey: IndexKeyOptions = {
  operatorClass: undefined,
  collation: undefined,
  descending: false,
  nullsFirst: false,
};

const hasPlainClasses: ReadonlySet<string> = new Set(["btree", "hash"]);

/**
 * What CREATE INDEX says after a key (gram.y, index_elem_options). What the column or its type has anyway is left out, as far
 * as that is plain: btree and hash have a class of the type's name by default.
 */
export function keyOptions(
  key: IndexElem,
  method: string,
  table: Relation | undefined,
): IndexKeyOptions {
  const descending = key.ordering === ("SORTBY_DESC" satisfies SortByDir);
  const column = table?.columns.find(({ name }) => name === key.name);
  const operatorClass = strings(key.opclass).at(-1);
  const collation = strings(key.collation).at(-1);
  return {
    operatorClass:
      hasPlainClasses.has(method) && operatorClass === `${column?.type.name}_ops`
        ? undefined
        : operatorClass,
    collation: collation === column?.collation ? undefined : collation,
    descending,
    nullsFirst: nullsFirst(key.nulls_ordering, descending),
  };
}

function nullsFirst(written: SortByNulls | undefined, descending: boolean): boolean {
  if (written === "SORTBY_NULLS_FIRST") return true;
  return written !== "SORTBY_NULLS_LAST" && descending;
}
