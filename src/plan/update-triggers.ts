import { qualifiedName, type Catalog, type Table } from "../catalog/index.ts";
import { parseLoaded, type ParseNode } from "../sql/index.ts";
import { treeOf } from "./fillable.ts";
import { columnIn } from "./lookup.ts";
import { mayWrite, triggerBody } from "./trigger-body.ts";

/** A trigger that an UPDATE of a table's rows fires. */
export interface UpdateTrigger {
  readonly name: string;
  readonly each: "row" | "statement";
  /** Whether it fires for a row, or a statement, that leaves all values as they are. */
  readonly firesUnchanged: boolean;
  /** Whether it comes before a row is written, and may give it other values in columns that the UPDATE writes. */
  readonly mayChange: boolean;
}

/** Bit of `CreateTrigStmt.timing` (pg_trigger.h, TRIGGER_TYPE_BEFORE). */
const before = 2;

/** Bit of `CreateTrigStmt.events` (pg_trigger.h, TRIGGER_TYPE_UPDATE). */
const onUpdate = 16;

/**
 * Triggers that an UPDATE fires for rows of a table, of its partitions and of what inherits from it, each name once.
 *
 * @param columns those that the UPDATE writes; undefined for whichever
 */
export function updateTriggers(
  catalog: Catalog,
  table: Table,
  columns?: ReadonlySet<string>,
): readonly UpdateTrigger[] {
  const found = new Map<string, UpdateTrigger>();
  const mayWriteAny = (called: string) => {
    const body = triggerBody(catalog, called);
    return body === undefined || columns === undefined || mayWrite(body, columns);
  };
  for (const part of treeOf(catalog, table))
    for (const trigger of Object.values(catalog.triggers)) {
      const isOwn = trigger.table === qualifiedName(part.schema, part.name);
      if (!isOwn || trigger.enabled === "disabled" || trigger.enabled === "replica") continue;
      const statement = createdBy(trigger.definition);
      if (statement === undefined || !isFired(statement, part, columns)) continue;
      const other = found.get(trigger.name);
      const isForeign = trigger.function !== leavesUnchanged;
      const each = statement.row === true ? "row" : "statement";
      const isBefore = ((statement.timing ?? 0) & before) !== 0;
      found.set(trigger.name, {
        name: trigger.name,
        each,
        firesUnchanged:
          other?.firesUnchanged === true || (isForeign && !asksForChange(statement.whenClause)),
        mayChange:
          other?.mayChange === true ||
          (isForeign && each === "row" && isBefore && mayWriteAny(trigger.function)),
      });
    }
  return [...found.values()];
}

/** Postgres' own, which keeps an UPDATE from writing a row that stays as it is (manual 9.29). */
const leavesUnchanged = "pg_catalog.suppress_redundant_updates_trigger";

type Created = Extract<ParseNode, { CreateTrigStmt: unknown }>["CreateTrigStmt"];

function createdBy(definition: string): Created | undefined {
  const [statement] = parseLoaded(definition, "trigger");
  return statement !== undefined && "CreateTrigStmt" in statement.node
    ? statement.node.CreateTrigStmt
    : undefined;
}

/** `UPDATE OF` asks for columns that the statement names, or that are computed from them. */
function isFired(
  { events = 0, columns: listed = [] }: Created,
  table: Table,
  columns: ReadonlySet<string> | undefined,
): boolean {
  if ((events & onUpdate) === 0) return false;
  if (columns === undefined || listed.length === 0) return true;
  return listed.some((node) => {
    const name = "String" in node ? (node.String.sval ?? "") : "";
    return columns.has(name) || (columnIn(table, name)?.generated ?? null) !== null;
  });
}

/** True for a WHEN that cannot hold for a row that stays as it is: `OLD.* IS DISTINCT FROM NEW.*`, `OLD.a <> NEW.a`. */
function asksForChange(node: ParseNode | undefined): boolean {
  if (node === undefined) return false;
  if ("BoolExpr" in node) {
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === "AND_EXPR") return args.some(asksForChange);
    return boolop === "OR_EXPR" && args.every(asksForChange);
  }
  if (!("A_Expr" in node)) return false;
  const { kind, name = [], lexpr, rexpr } = node.A_Expr;
  const [operator] = name;
  const isUnequal =
    kind === "AEXPR_DISTINCT" ||
    (kind === "AEXPR_OP" &&
      operator !== undefined &&
      "String" in operator &&
      operator.String.sval === "<>");
  const [one, other] = [fieldOf(lexpr), fieldOf(rexpr)];
  return (
    isUnequal &&
    one !== undefined &&
    one.field === other?.field &&
    [one.row, other.row].toSorted().join(" ") === "new old"
  );
}

/** `old.*` or `old.column`. */
function fieldOf(node: ParseNode | undefined): { row: string; field: string } | undefined {
  if (node === undefined || !("ColumnRef" in node)) return undefined;
  const [row, field, ...more] = node.ColumnRef.fields ?? [];
  if (row === undefined || field === undefined || more.length > 0) return undefined;
  if (!("String" in row)) return undefined;
  const name = "String" in field ? JSON.stringify(field.String.sval ?? "") : "*";
  return { row: row.String.sval ?? "", field: name };
}
