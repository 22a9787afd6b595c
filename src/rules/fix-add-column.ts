import type { ColumnDef, Constraint } from "@pgsql/types";
import { volatilityOf, searchPathOf } from "../effects/index.ts";
import {
  constraintName,
  type AlterTable,
  type AlterTablePart,
  type PartSteps,
} from "./fix-alter-parts.ts";
import { bodyOf, keySteps, notNullSteps, validatedLater } from "./fix-constraint.ts";
import type { Step } from "./fix-steps.ts";
import { sqlName } from "./sql-names.ts";

/** A constraint of a column definition with the tokens it spans; `DEFERRABLE` and the like belong to the one before. */
interface Piece {
  readonly constraint: Constraint;
  readonly from: number;
  readonly to: number;
}

/** Safe steps for ADD COLUMN: the bare column first, what would read or write all rows afterwards. */
export function addColumnSteps(alter: AlterTable, part: AlterTablePart): PartSteps {
  const { def } = part.command;
  if (def === undefined || !("ColumnDef" in def)) return undefined;
  const column = def.ColumnDef;
  const { text } = alter.input;
  const pieces = piecesOf(alter, part, column);
  const has = (type: string) => pieces.some(({ constraint }) => constraint.contype === type);
  const generated = pieces.some(
    ({ constraint }) =>
      constraint.contype === "CONSTR_GENERATED" && constraint.generated_kind !== "v",
  );
  if (isSerial(column) || has("CONSTR_IDENTITY") || generated || has("CONSTR_PRIMARY"))
    return "none";
  const filled = pieces.find(({ constraint }) => isFilled(alter, constraint));
  const later = pieces.filter((piece) => isLater(piece, filled, has("CONSTR_DEFAULT")));
  if (later.length === 0) return undefined;
  const kept = pieces.filter((piece) => !later.includes(piece));
  const first = pieces[0]?.from ?? part.to;
  const bare = [text.slice(part.from, first), ...kept.map(({ from, to }) => text.slice(from, to))];
  const steps: Step[] = [{ sql: `${alter.head} ${bare.join(" ")}`, strong: true }];
  // What the rows must have comes after they have been filled.
  for (const piece of filled === undefined
    ? later
    : [filled, ...later.filter((p) => p !== filled)]) {
    const more = laterSteps(alter, part, column.colname ?? "", piece);
    if (more === undefined) return "none";
    steps.push(...more);
  }
  return { steps, needsPlan: filled !== undefined };
}

function piecesOf(alter: AlterTable, part: AlterTablePart, column: ColumnDef): readonly Piece[] {
  const { text } = alter.input;
  const starts = (column.constraints ?? [])
    .flatMap((node) => ("Constraint" in node ? [node.Constraint] : []))
    .map((constraint) => ({ constraint, from: text.at(constraint.location) }))
    .filter(({ constraint }) => constraint.contype?.startsWith("CONSTR_ATTR_") !== true)
    .sort((a, b) => a.from - b.from);
  return starts.map((piece, index) => ({ ...piece, to: starts[index + 1]?.from ?? part.to }));
}

function isSerial({ typeName }: ColumnDef): boolean {
  const last = typeName?.names?.at(-1);
  const name = last !== undefined && "String" in last ? (last.String.sval ?? "") : "";
  return /^(?:(?:small|big)?serial|serial[248])$/.test(name);
}

/** A default whose value differs from row to row: every row has to be written. */
function isFilled({ input }: AlterTable, { contype, raw_expr: expression }: Constraint): boolean {
  if (contype !== "CONSTR_DEFAULT" || expression === undefined) return false;
  const volatility = volatilityOf(expression, input.world, searchPathOf(input.session));
  return volatility === "volatile" || volatility === "unknown";
}

function isLater(piece: Piece, filled: Piece | undefined, hasDefault: boolean): boolean {
  const { contype = "" } = piece.constraint;
  if (contype === "CONSTR_DEFAULT") return piece === filled;
  if (contype === "CONSTR_NOTNULL") return filled !== undefined;
  if (contype === "CONSTR_FOREIGN") return hasDefault;
  return contype === "CONSTR_CHECK" || contype === "CONSTR_UNIQUE";
}

function laterSteps(
  alter: AlterTable,
  part: AlterTablePart,
  column: string,
  { constraint, from, to }: Piece,
): readonly Step[] | undefined {
  const { text } = alter.input;
  const quoted = sqlName(column);
  if (constraint.contype === "CONSTR_DEFAULT")
    return [
      {
        sql: `${alter.head} ALTER COLUMN ${quoted} SET ${text.slice(from, to)}`,
        strong: true,
        afterwards: `now fill ${quoted} of the rows that were there in batches (lockstep backfill)`,
      },
    ];
  if (constraint.contype === "CONSTR_NOTNULL") return notNullSteps(alter, column);
  if (constraint.contype === "CONSTR_UNIQUE") {
    const key = keySteps(alter, part, constraint, [column]);
    return key === undefined || key === "none" ? undefined : key.steps;
  }
  const name = constraintName(alter, constraint);
  if (name === undefined) return undefined;
  const body = bodyOf(alter, constraint, to);
  const foreign = constraint.contype === "CONSTR_FOREIGN";
  return validatedLater(alter, name, foreign ? `FOREIGN KEY (${quoted}) ${body}` : body);
}
