import { quoteIdent } from "../../sql/index.ts";
import type { RowExpression } from "./expression.ts";

/** A mapping whose expressions are read. */
export interface SyncedColumns {
  readonly old: readonly SyncedColumn[];
  readonly new: readonly SyncedColumn[];
}

export interface SyncedColumn {
  readonly name: string;
  readonly type: string;
  /** See `MappedColumn`. */
  readonly required?: boolean;
  readonly from: RowExpression;
  /** For a nullable new column: the bit that says that an INSERT did not give it. */
  readonly absent: number | undefined;
  /** For a new column: its value in a row in which its release leaves it out. */
  readonly default?: string;
}

/**
 * Body of the trigger function that keeps both sides of every mapping in step.
 *
 * Rules, each against a way in which values get lost:
 * - Who wrote is told from what changed, never from a setting of the session, so that no spelling of a search path and
 *   no pooler can turn it round.
 * - A side is computed again only when the other side's own columns changed: what one form cannot hold survives the
 *   other release's writes to unrelated columns.
 * - In a row that is not filled yet, new columns that the statement leaves alone are filled first, so that what the
 *   new release sets does not empty the old form.
 * - When both sides are given and differ, the new release's value holds.
 * - Values are compared by their image (`*<>`): equal is not the same for citext, numeric or collations that fold
 *   case, and not every type has an equality.
 */
export function functionBody(mappings: readonly SyncedColumns[], flag: string): string {
  const filled = `NEW.${quoteIdent(flag)}`;
  return [
    "DECLARE",
    "  other record;",
    "BEGIN",
    "  IF TG_OP = 'INSERT' THEN",
    ...mappings.flatMap((mapping) => indent(2, onInsert(mapping, filled))),
    "  ELSE",
    ...mappings.flatMap((mapping) => indent(2, onUpdate(mapping, flag))),
    "  END IF;",
    `  ${filled} := 1;`,
    "  RETURN NEW;",
    "END",
  ].join("\n");
}

function onInsert(mapping: SyncedColumns, filled: string): readonly string[] {
  return [
    `IF ${mapping.new.map((column) => isGiven(column, filled)).join(" OR ")} THEN`,
    ...mapping.new.flatMap((column) => indent(1, defaultOf(column, filled))),
    ...indent(1, unlessTheyAgree(mapping)),
    "ELSE",
    ...indent(1, assign(mapping.new, "NEW")),
    "END IF;",
  ];
}

function defaultOf(column: SyncedColumn, filled: string): readonly string[] {
  if (column.default === undefined) return [];
  return [
    `IF NOT (${isGiven(column, filled)}) THEN`,
    `  NEW.${quoteIdent(column.name)} := ${column.default};`,
    "END IF;",
  ];
}

/** A column that cannot hold NULL was given when it has a value. */
function isGiven({ name, absent }: SyncedColumn, filled: string): string {
  return absent === undefined
    ? `NEW.${quoteIdent(name)} IS NOT NULL`
    : `(${filled} & ${absent}) = 0`;
}

function onUpdate(mapping: SyncedColumns, flag: string): readonly string[] {
  const unfilled = `OLD.${quoteIdent(flag)} = 0`;
  return [
    `IF ${changed(mapping.new)} THEN`,
    `  IF ${unfilled} THEN`,
    ...mapping.new.flatMap((column) => [
      `    IF NOT ${changed([column])} THEN`,
      ...indent(3, assign([column], "NEW")),
      "    END IF;",
    ]),
    "  END IF;",
    `  IF ${changed(mapping.old)} THEN`,
    ...indent(2, unlessTheyAgree(mapping)),
    "  ELSE",
    ...indent(2, assign(mapping.old, "NEW")),
    "  END IF;",
    `ELSIF ${changed(mapping.old)} OR ${unfilled} THEN`,
    ...indent(1, assign(mapping.new, "NEW")),
    "END IF;",
  ];
}

/** A statement that gives both forms keeps both when they agree. */
function unlessTheyAgree(mapping: SyncedColumns): readonly string[] {
  return [
    "other := NEW;",
    ...assign(mapping.new, "other", "NEW"),
    "IF other OPERATOR(pg_catalog.*<>) NEW THEN",
    ...indent(1, assign(mapping.old, "NEW")),
    "END IF;",
  ];
}

function assign(columns: readonly SyncedColumn[], row: string, from = row): readonly string[] {
  return columns.map((column) => `${row}.${quoteIdent(column.name)} := ${column.from.over(from)};`);
}

function changed(columns: readonly SyncedColumn[]): string {
  const row = (alias: string) =>
    `ROW(${columns.map(({ name }) => `${alias}.${quoteIdent(name)}`).join(", ")})::pg_catalog.record`;
  return `${row("NEW")} OPERATOR(pg_catalog.*<>) ${row("OLD")}`;
}

function indent(depth: number, lines: readonly string[]): readonly string[] {
  return lines.map((line) => `${"  ".repeat(depth)}${line}`);
}
