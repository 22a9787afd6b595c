import type { Catalog, Table } from "../catalog/index.ts";
import { quoteIdent } from "../sql/index.ts";
import { sqlName } from "./lookup.ts";
import { updateTriggers, type UpdateTrigger } from "./update-triggers.ts";

/** Which rows a fill changes. */
export interface FilledRows {
  /** All of the table; those that a statement means; or each of these once, whether it would stay as it is or not. */
  readonly rows: "all" | "meant" | "each";
  /** Columns that the fill writes; undefined for some of Lockstep's own. */
  readonly columns?: ReadonlySet<string>;
}

/** What somebody has to know before rows of a table are filled: which of its triggers fire, and how often. */
export function fillNotes(
  catalog: Catalog,
  table: Table,
  { rows, columns }: FilledRows = { rows: "all" },
): readonly string[] {
  const firing = updateTriggers(catalog, table, columns);
  const name = sqlName(table);
  const ofEach = (each: UpdateTrigger["each"]) =>
    firing.filter((one) => one.each === each).map((one) => quoteIdent(one.name));
  const [ofRows, ofStatements] = [ofEach("row"), ofEach("statement")];
  const forRows = {
    all: `for each row of ${name}`,
    meant: `for each row that it changes of ${name}`,
    each: `once for each row of ${name} that the migration means, also where it holds already what it would get`,
  }[rows];
  return [
    ...(ofRows.length === 0
      ? []
      : [`the fill is an UPDATE, so that triggers fire ${forRows}: ${ofRows.join(", ")}`]),
    ...(ofStatements.length === 0
      ? []
      : [
          `triggers of ${name} for whole statements fire for each batch of the fill${rows === "all" ? "" : ", where the migration as written fires them once"}: ${ofStatements.join(", ")}`,
        ]),
    ...(rows === "each"
      ? [
          `the fill goes through ${name} by its key and keeps how far it is: a row that gets another key meanwhile may be passed over, or come twice`,
        ]
      : []),
  ];
}
