import { rowsInWords, type TakenBack } from "../rollback/index.ts";
import { count, slot, type Style } from "./style.ts";

/** What `lockstep rollback` has done, or would do. */
export function renderTakenBack(taken: TakenBack, style: Style): string {
  const { colors } = style;
  const { migration, by, from, sql, losses, notBrought, rehearsal, isDone } = taken;
  const { major, tables, changedRows, withoutRows, isRepeatable } = rehearsal;
  const rows =
    withoutRows === undefined
      ? `with rows in ${count(tables, "table")}`
      : `without rows (${withoutRows})`;
  const same =
    changedRows.length === 0 ? "" : `; other rows than before in ${changedRows.join(", ")}`;
  return [
    isDone
      ? `${colors.green("taken back")}: ${migration} is pending again`
      : `${migration} would be taken back; nothing was changed`,
    slot(style, "by", by === "inverse" ? `the inverse of ${from}, told from the catalogs` : from),
    ...(by === "inverse" || !isDone ? [slot(style, "sql", sql.trim())] : []),
    slot(
      style,
      "tried",
      `on scratch, Postgres ${major}, ${rows}: the catalog is as before${same}; ${isRepeatable ? "it can be applied again" : "it cannot be applied again as it is"}`,
    ),
    ...losses.map(({ name, rows: held, what }) =>
      slot(
        style,
        isDone ? "lost" : "loses",
        `${name}: ${what}${held === undefined ? "" : `, ${rowsInWords(held)}`}`,
      ),
    ),
    ...(notBrought.length === 0
      ? []
      : [slot(style, "empty", `the migration had dropped it: ${notBrought.join(", ")}`)]),
  ].join("\n");
}
