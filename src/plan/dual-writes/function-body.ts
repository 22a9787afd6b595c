import { quoteIdent } from "../../sql/index.ts";
import { changed, indent } from "./body-lines.ts";
import type { RowExpression } from "./expression.ts";
import { computed, computedOrParked, unlessRefused, unparked } from "./parked.ts";

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
  /** See `MappedColumn`. */
  readonly parks?: boolean;
}

/** Columns of Lockstep in the table. */
export interface OwnColumns {
  readonly flag: string;
  readonly parked: string;
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
 * - A value that has no other form is refused, or parked in the row where the column says so.
 * - Who sets the flag to 0 has the new form computed anew, who sets it to -1 the old one: so rows are put right that
 *   were written past the trigger. A mapping whose forms belong together is left as it is, with what only one can hold.
 *
 * @param isLast false where other triggers of Lockstep fire behind it and have to see what the flag is set to: the last
 *   one of them sets it to 1
 */
export function functionBody(
  mappings: readonly SyncedColumns[],
  own: OwnColumns,
  isLast = true,
): string {
  const { flag } = own;
  const filled = `NEW.${quoteIdent(flag)}`;
  return [
    "DECLARE",
    "  other record;",
    "  agree boolean;",
    "BEGIN",
    "  IF TG_OP = 'INSERT' THEN",
    ...mappings.flatMap((mapping) => indent(2, onInsert(mapping, filled, own))),
    "  ELSE",
    ...mappings.flatMap((mapping) => indent(2, onUpdate(mapping, own))),
    "  END IF;",
    ...(isLast ? [`  ${filled} := 1;`] : []),
    "  RETURN NEW;",
    "END",
  ].join("\n");
}

function onInsert(mapping: SyncedColumns, filled: string, own: OwnColumns): readonly string[] {
  return [
    `IF ${mapping.new.map((column) => isGiven(column, filled)).join(" OR ")} THEN`,
    ...mapping.new.flatMap((column) => indent(1, defaultOf(column, filled))),
    ...indent(1, unlessTheyAgree(mapping, own)),
    "ELSE",
    ...indent(1, compute(mapping.new, own)),
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
    ? `NEW.${quoteIdent(name)} IS DISTINCT FROM NULL`
    : `(${filled} & ${absent}) = 0`;
}

function onUpdate(mapping: SyncedColumns, own: OwnColumns): readonly string[] {
  const flag = quoteIdent(own.flag);
  const unfilled = `OLD.${flag} = 0`;
  return [
    "agree := false;",
    `IF NEW.${flag} < 1 AND OLD.${flag} > 0 THEN`,
    ...indent(1, agreement(mapping, "OLD")),
    "END IF;",
    `IF NEW.${flag} = -1 AND NOT agree THEN`,
    ...indent(1, newFormHolds(mapping, own)),
    `ELSIF ${changed(namesOf(mapping.new))} THEN`,
    `  IF ${unfilled} THEN`,
    ...mapping.new.flatMap((column) => [
      `    IF NOT ${changed([column.name])} THEN`,
      ...indent(3, compute([column], own)),
      "    END IF;",
    ]),
    "  END IF;",
    `  IF ${changed(namesOf(mapping.old))} THEN`,
    ...indent(2, unlessTheyAgree(mapping, own)),
    "  ELSE",
    ...indent(2, newFormHolds(mapping, own)),
    "  END IF;",
    `ELSIF ${changed(namesOf(mapping.old))} OR ${unfilled} OR NEW.${flag} = 0 AND NOT agree THEN`,
    ...indent(1, compute(mapping.new, own)),
    "END IF;",
  ];
}

/** What has to be known of a mapping to compare its sides in a row. */
export type Pair = Readonly<
  Record<"old" | "new", readonly Pick<SyncedColumn, "name" | "from" | "parks">[]>
>;

/**
 * Body of a function that tells of a row, `t`, whether its forms do not belong together: neither is what the other one
 * gives. So it is in rows that were written while the trigger did not fire, and in no others.
 *
 * @param flag quoted
 */
export function apartBody(mappings: readonly Pair[], flag: string): string {
  return [
    "DECLARE",
    "  other record;",
    "  agree boolean;",
    "BEGIN",
    `  IF t.${flag} = 0 THEN`,
    "    RETURN true;",
    "  END IF;",
    ...mappings.flatMap((mapping) =>
      indent(1, [...agreement(mapping, "t"), "IF NOT agree THEN", "  RETURN true;", "END IF;"]),
    ),
    "  RETURN false;",
    "END",
  ].join("\n");
}

/** Sets `agree`: whether, in a row, one form is what the other gives. */
function agreement({ old, new: made }: Pair, row: string): readonly string[] {
  const agreesBy = (side: Pair["new"]) => [
    `other := ${row};`,
    ...unlessRefused(
      [
        ...side.flatMap((column) =>
          isParking(column) ? computed(column, "other", row) : assign([column], "other", row),
        ),
        `agree := other OPERATOR(pg_catalog.*=) ${row};`,
      ],
      ["agree := false;"],
    ),
  ];
  return [...agreesBy(old), "IF NOT agree THEN", ...indent(1, agreesBy(made)), "END IF;"];
}

/** A statement that gives both forms keeps both when they agree. */
function unlessTheyAgree(mapping: SyncedColumns, own: OwnColumns): readonly string[] {
  const parking = mapping.new.filter(isParking);
  return [
    "other := NEW;",
    ...mapping.new.flatMap((column) =>
      isParking(column) ? computed(column, "other", "NEW") : assign([column], "other", "NEW"),
    ),
    "IF other OPERATOR(pg_catalog.*<>) NEW THEN",
    ...indent(1, newFormHolds(mapping, own)),
    ...(parking.length === 0 ? [] : ["ELSE", ...indent(1, compute(parking, own))]),
    "END IF;",
  ];
}

function newFormHolds(mapping: SyncedColumns, { parked }: OwnColumns): readonly string[] {
  const parking = mapping.new.filter(isParking);
  return [...assign(mapping.old, "NEW"), ...parking.flatMap((column) => unparked(column, parked))];
}

/** The new form from the old one, in the row that is written. */
function compute(columns: readonly SyncedColumn[], { parked }: OwnColumns): readonly string[] {
  return columns.flatMap((column) =>
    isParking(column) ? computedOrParked(column, parked) : assign([column], "NEW"),
  );
}

function isParking({ parks }: Pick<SyncedColumn, "parks">): boolean {
  return parks === true;
}

function assign(columns: Pair["new"], row: string, from = row): readonly string[] {
  return columns.map((column) => `${row}.${quoteIdent(column.name)} := ${column.from.over(from)};`);
}

function namesOf(columns: readonly SyncedColumn[]): readonly string[] {
  return columns.map(({ name }) => name);
}
