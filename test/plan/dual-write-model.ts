import fc from "fast-check";
import { quoteLiteral } from "../../src/sql/index.ts";

export type Text = string | null;

/** One column in two forms, as a model in memory and as SQL. */
export interface Form {
  readonly up: (old: Text) => Text;
  readonly down: (made: Text) => Text;
  readonly upSql: string;
  readonly downSql: string;
  /** Default of the old column. */
  readonly default: Text;
  /** May the new release store NULL? */
  readonly newNullable: boolean;
}

/** What the application's statements should leave in the row. */
export interface Row {
  readonly old: Text;
  readonly made: Text;
  readonly filled: boolean;
}

/** What a statement says of a column: undefined when it does not name it. */
export type Given = Text | undefined;

export type Operation =
  | { readonly kind: "insert"; readonly old: Given; readonly made: Given }
  | { readonly kind: "update"; readonly row: number; readonly old: Given; readonly made: Given }
  | {
      readonly kind: "upsert";
      readonly row: number;
      readonly side: "old" | "made";
      readonly value: Text;
    }
  | { readonly kind: "touch"; readonly row: number }
  | { readonly kind: "fill"; readonly row: number };

const value = fc.constantFrom("Ada", "ada", "ADA", "", "N:X", "n:x", null);
const row = fc.nat({ max: 5 });

/** Statements of both releases and of the backfill; a release that knows NULL is impossible never writes it. */
export function operations(form: Form): fc.Arbitrary<readonly Operation[]> {
  const made = form.newNullable ? value : value.map((text) => text ?? "N:null");
  const given = fc.oneof(value, fc.constant(undefined));
  const givenMade = fc.oneof(made, fc.constant(undefined));
  return fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant("insert" as const),
        old: given,
        made: fc.constant(undefined),
      }),
      fc.record({
        kind: fc.constant("insert" as const),
        old: fc.constant(undefined),
        made: givenMade,
      }),
      fc.record({ kind: fc.constant("insert" as const), old: given, made: givenMade }),
      fc.record({
        kind: fc.constant("update" as const),
        row,
        old: value,
        made: fc.constant(undefined),
      }),
      fc.record({
        kind: fc.constant("update" as const),
        row,
        old: fc.constant(undefined),
        made,
      }),
      fc.record({ kind: fc.constant("update" as const), row, old: value, made }),
      fc.record({
        kind: fc.constant("upsert" as const),
        row,
        side: fc.constant("old" as const),
        value,
      }),
      fc.record({
        kind: fc.constant("upsert" as const),
        row,
        side: fc.constant("made" as const),
        value: made,
      }),
      fc.record({ kind: fc.constant("touch" as const), row }),
      fc.record({ kind: fc.constant("fill" as const), row }),
    ),
    { minLength: 1, maxLength: 14 },
  );
}

/** The rows after an operation. A row that an UPDATE names and that is not there is left so. */
export function expected(rows: readonly Row[], operation: Operation, form: Form): readonly Row[] {
  switch (operation.kind) {
    case "insert":
      return [...rows, inserted(operation, form)];
    case "upsert": {
      const { row: at, side, value: text } = operation;
      if (rows[at] !== undefined) return changed(rows, at, { [side]: text }, form);
      return [...rows, inserted({ old: undefined, made: undefined, [side]: text }, form)];
    }
    case "update":
      return changed(rows, operation.row, operation, form);
    case "touch":
    case "fill":
      return changed(rows, operation.row, {}, form);
  }
}

function inserted({ old, made }: { readonly old: Given; readonly made: Given }, form: Form): Row {
  const stored = old === undefined ? form.default : old;
  if (made === undefined || (made === null && !form.newNullable))
    return { old: stored, made: form.up(stored), filled: true };
  return { ...agreed(stored, made, form), filled: true };
}

function agreed(old: Text, made: Text, form: Form): Pick<Row, "old" | "made"> {
  return form.up(old) === made ? { old, made } : { old: form.down(made), made };
}

function changed(
  rows: readonly Row[],
  at: number,
  set: { readonly old?: Given; readonly made?: Given },
  form: Form,
): readonly Row[] {
  const before = rows[at];
  if (before === undefined) return rows;
  const old = set.old === undefined ? before.old : set.old;
  const made = set.made === undefined ? before.made : set.made;
  const after =
    made !== before.made
      ? old !== before.old
        ? agreed(old, made, form)
        : { old: form.down(made), made }
      : old !== before.old || !before.filled
        ? { old, made: form.up(old) }
        : { old, made };
  return rows.with(at, { ...after, filled: true });
}

/** The statement of an operation on table `person (id, name, label, other)`. */
export function statementOf(operation: Operation, rows: readonly Row[], flag: string): string {
  switch (operation.kind) {
    case "insert": {
      const given = columns(operation);
      return `INSERT INTO person (id${given.map(([name]) => `, ${name}`).join("")}) VALUES (${rows.length}${given.map(([, text]) => `, ${text}`).join("")})`;
    }
    case "upsert": {
      const name = operation.side === "old" ? "name" : "label";
      const id = rows[operation.row] === undefined ? rows.length : operation.row;
      return `INSERT INTO person (id, ${name}) VALUES (${id}, ${literal(operation.value)}) ON CONFLICT (id) DO UPDATE SET ${name} = EXCLUDED.${name}`;
    }
    case "update":
      return `UPDATE person SET ${columns(operation)
        .map(([name, text]) => `${name} = ${text}`)
        .join(", ")} WHERE id = ${operation.row}`;
    case "touch":
      return `UPDATE person SET other = other + 1 WHERE id = ${operation.row}`;
    case "fill":
      return `UPDATE person SET ${flag} = 1 WHERE id = ${operation.row} AND ${flag} = 0`;
  }
}

function columns({ old, made }: { readonly old: Given; readonly made: Given }) {
  return [
    ...(old === undefined ? [] : [["name", literal(old)] as const]),
    ...(made === undefined ? [] : [["label", literal(made)] as const]),
  ];
}

function literal(text: Text): string {
  return text === null ? "NULL" : quoteLiteral(text);
}
