import { qualifiedName, type Catalog, type Table } from "../catalog/index.ts";
import { parseLoaded, quoteIdent } from "../sql/index.ts";
import { sqlName } from "./lookup.ts";

/** Bit of `CreateTrigStmt.events` (pg_trigger.h, TRIGGER_TYPE_UPDATE). */
const onUpdate = 16;

/**
 * What somebody has to know before rows of a table are filled: which of its triggers fire for each row.
 * @param rows which rows the fill changes: all; those that a statement means; or of these only `some`, where others hold
 *   already what they would get
 */
export function fillNotes(
  { triggers }: Catalog,
  table: Table,
  rows: "all" | "meant" | "some" = "all",
): readonly string[] {
  const key = qualifiedName(table.schema, table.name);
  const firing = Object.values(triggers).filter(
    (trigger) =>
      trigger.table === key && trigger.enabled !== "disabled" && firesOnUpdate(trigger.definition),
  );
  if (firing.length === 0) return [];
  const names = firing.map(({ name }) => quoteIdent(name)).join(", ");
  const changed = rows === "all" ? "each row" : "each row that it changes";
  return [
    `the fill is an UPDATE, so that triggers fire for ${changed} of ${sqlName(table)}: ${names}`,
    ...(rows === "some"
      ? [
          `rows of ${sqlName(table)} that hold already what they would get are left alone: no trigger fires for them, as it does for all rows that the migration as written means; where that counts (a time of the last change, rows elsewhere), make up for it by hand`,
        ]
      : []),
  ];
}

function firesOnUpdate(definition: string): boolean {
  const [statement] = parseLoaded(definition, "trigger");
  if (statement === undefined || !("CreateTrigStmt" in statement.node)) return false;
  return ((statement.node.CreateTrigStmt.events ?? 0) & onUpdate) !== 0;
}
