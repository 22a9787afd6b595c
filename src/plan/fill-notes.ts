import { qualifiedName, type Catalog, type Table } from "../catalog/index.ts";
import { parseLoaded, quoteIdent } from "../sql/index.ts";
import { sqlName } from "./lookup.ts";

/** Bit of `CreateTrigStmt.events` (pg_trigger.h, TRIGGER_TYPE_UPDATE). */
const onUpdate = 16;

/** What somebody has to know before rows of a table are filled: which of its triggers fire for each row. */
export function fillNotes({ triggers }: Catalog, table: Table): readonly string[] {
  const key = qualifiedName(table.schema, table.name);
  const firing = Object.values(triggers).filter(
    (trigger) =>
      trigger.table === key && trigger.enabled !== "disabled" && firesOnUpdate(trigger.definition),
  );
  if (firing.length === 0) return [];
  const names = firing.map(({ name }) => quoteIdent(name)).join(", ");
  return [
    `the fill is an UPDATE, so that triggers fire for each row of ${sqlName(table)}: ${names}`,
  ];
}

function firesOnUpdate(definition: string): boolean {
  const [statement] = parseLoaded(definition, "trigger");
  if (statement === undefined || !("CreateTrigStmt" in statement.node)) return false;
  return ((statement.node.CreateTrigStmt.events ?? 0) & onUpdate) !== 0;
}
