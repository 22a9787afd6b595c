import { qualifiedName } from "../../../catalog/index.ts";
import { quoteIdent, quoteLiteral } from "../../../sql/index.ts";
import { copyNote } from "../../copy-note.ts";
import { standInDefault } from "../../dual-writes/index.ts";
import { transaction, type PlannedOperation, type Step } from "../../model.ts";
import { carriedSteps, validated } from "./carried.ts";
import { keyOf, namesOf, secondType, type ColumnChange } from "./facts.ts";
import { copiedSettings } from "./live.ts";
import { proofOf, proofStatement } from "./swap.ts";

/**
 * What a column does in each phase, but for the swap, which may be one of several columns.
 *
 * @param notes what else is to be known
 * @param isOtherKind true when they say that values are refused which the new type does not know, and that parameters
 *   of statements prepared by name keep the old type
 */
export function plannedColumn(
  change: ColumnChange,
  notes: readonly string[],
  isOtherKind: boolean,
): PlannedOperation & { readonly settle: readonly Step[] } {
  const { table, column, made, kept } = namesOf(change);
  const { columnAfter, shadow } = change;
  const { collation } = columnAfter;
  const relation = keyOf(change);
  const type = `${secondType(change)}${collation === null ? "" : ` COLLATE ${collation}`}`;
  return {
    expand: [
      transaction(
        `a second column for the new type, ${made}`,
        [
          `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${made} ${type}`,
          ...(change.column.nullable
            ? []
            : [standInDefault(table, shadow.made, secondType(change))]),
          copiedSettings(change),
          ...commentOf(change),
        ],
        [`ALTER TABLE ${table} DROP COLUMN IF EXISTS ${made}`],
      ),
    ],
    shadows: [{ table: change.table, shadow }],
    settle: [
      ...validated(table, quoteIdent(proofOf(change)), proofStatement(change)),
      ...carriedSteps(change),
    ],
    end: [`ALTER TABLE ${table} DROP COLUMN IF EXISTS ${kept}`],
    notes: [
      ...notes,
      copyNote(change.table),
      `a statement prepared by name that returns ${column} fails from the moment in which the column changes over until it is prepared again ("cached plan must not change result type"), and SELECT * from the expand and the contract phase on too; columns that change over one after another do so each. Drivers that prepare unnamed are not affected`,
      `${column} ends behind the columns of ${table} that stay as they are: from the contract phase on INSERT and COPY need a list of columns, and those of the new release from its start, since its place is held by ${change.column.type.text} until then`,
      ...(change.column.type.text === change.columnAfter.type.text
        ? []
        : [
            `COPY in binary format has to give ${column} as ${change.columnAfter.type.text} once it has changed over`,
          ]),
      ...nullNotes(change),
      `until the contract phase ${column} refuses what ${change.column.type.text} cannot hold, as before the change`,
    ],
    exemptions: [
      { kind: "other-type", relation, column: shadow.column },
      { kind: "prepared-statements", relation },
      ...(isOtherKind
        ? ([
            { kind: "refuses-values", relation },
            { kind: "prepared-parameters", relation },
          ] as const)
        : []),
    ],
  };
}

/** The kept column has the place; what an INSERT gives it by place cannot be told from what it does not give. */
function nullNotes(change: ColumnChange): readonly string[] {
  const { column, columnAfter } = change;
  if (!column.nullable || columnAfter.default === null || isNullValue(columnAfter.default))
    return [];
  const names = namesOf(change);
  return [
    `from the moment in which ${names.column} changes over until the contract phase, an INSERT into ${names.table} without a list of columns that gives NULL for it stores its default: the one cannot be told from the other`,
  ];
}

function isNullValue(value: string): boolean {
  return /^NULL(?:::|$)/.test(value);
}

function commentOf(change: ColumnChange): readonly string[] {
  const { table, made } = namesOf(change);
  const { schema, name } = change.table;
  const text = change.after.comments[`column ${qualifiedName(schema, name, change.column.name)}`];
  return text === undefined
    ? []
    : [`COMMENT ON COLUMN ${table}.${made} IS ${quoteLiteral(text).trim()}`];
}
