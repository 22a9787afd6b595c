import { quoteLiteral } from "../sql/index.ts";
import { piecesOf } from "./pieces.ts";
import type { Remaining } from "./remains.ts";

/** What is said and done about one object. */
export interface ReconcilingPart {
  /** Lines without the mark of a comment: what differs, and what a person may want to run instead. */
  readonly comments: readonly string[];
  /** Statements without semicolons. Each changes nothing where the object is right already. */
  readonly statements: readonly string[];
}

/**
 * SQL that brings a database to what the migrations say, for a person to review. What loses rows, or what somebody may
 * have added for a reason, is written as a comment. What cannot be written from a catalog is named.
 *
 * @param title what the file is, in a line
 */
export function reconcileSql(remains: readonly Remaining[], title: string): string {
  const ordered = neededFirst(remains);
  const parts = ordered.map((row) =>
    [
      ...linesOf(row).map(comment),
      ...kept(row).flatMap(({ sql, isLast }) => (isLast === true ? [] : [`${sql};`])),
    ].join("\n"),
  );
  const last = ordered.flatMap((row) =>
    kept(row).flatMap(({ sql, isLast }) => (isLast === true ? [`${sql};`] : [])),
  );
  const blocks = [
    comment(title),
    comment("Read it before it is run: nothing of it was."),
    ...parts,
    ...last,
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** What others may need is written before them. */
function neededFirst(remains: readonly Remaining[]): readonly Remaining[] {
  return remains.toSorted((one, other) => Number(isNeeded(other)) - Number(isNeeded(one)));
}

function isNeeded({ differences: [first] }: Remaining): boolean {
  return /^missing-(?:schema|extension|enum|enum-value|sequence)$/.test(first?.kind ?? "");
}

/** The same for a migration: every database runs it, those too in which nothing differs. */
export function reconcilingParts(remains: readonly Remaining[]): readonly ReconcilingPart[] {
  const parts = neededFirst(remains).map((row) => {
    const own = kept(row);
    const statements = (isLast: boolean) =>
      own
        .filter((piece) => (piece.isLast === true) === isLast)
        .map(({ sql, needed }) => needed ?? sql);
    const last = statements(true);
    return {
      own: { comments: linesOf(row), statements: statements(false) },
      last:
        last.length === 0
          ? []
          : [{ comments: [`what of ${row.what} ${row.object} needs others.`], statements: last }],
    };
  });
  return [...parts.map(({ own }) => own), ...parts.flatMap(({ last }) => last)];
}

/** Statements that make one catalog of the other on scratch, where nothing can be lost. */
export function imitatingSql(remains: readonly Remaining[]): readonly string[] {
  return remains.flatMap((row) => [
    // What the database has in the place of what hangs on it is made by its own statements.
    ...piecesOf(row).map(({ sql, loses }) => (loses === true ? `${sql} CASCADE` : sql)),
    ...row.differences.flatMap((each) =>
      each.kind === "extra-enum-value" ? [withoutLabel(each.object, each.after)] : [],
    ),
  ]);
}

/** Postgres has no statement for it; on scratch a superuser may all the same. */
function withoutLabel(type: string, label: string): string {
  return `DELETE FROM pg_catalog.pg_enum WHERE enumtypid = ${quoteLiteral(type)}::pg_catalog.regtype AND enumlabel = ${quoteLiteral(label)}`;
}

function kept(row: Remaining) {
  return piecesOf(row).filter(({ loses }) => loses !== true);
}

/** What a migration leaves as it is, and why. */
export function leftSentence(row: Remaining): string {
  const pieces = piecesOf(row);
  if (pieces.length === 0 && row.done !== "added")
    return `${row.sentence}; not written, for a catalog does not tell it: take it from the migration that makes it`;
  return pieces.every(({ loses }) => loses === true)
    ? `${row.sentence}; left as it is, for a person to decide`
    : row.sentence;
}

function linesOf(row: Remaining): readonly string[] {
  const pieces = piecesOf(row);
  return [
    ...`${row.sentence}.`.split("\n"),
    ...(pieces.length > 0
      ? []
      : [
          row.done === "added"
            ? "not written: no migration makes it"
            : "not written: take it from the migration that makes it",
        ]),
    ...pieces.flatMap(({ hint }) => (hint === undefined ? [] : [hint])),
    ...pieces.flatMap(({ sql, loses }) =>
      loses === true ? `to take it back: ${sql};`.split("\n") : [],
    ),
  ];
}

/** Every line of a text as a comment of SQL. */
function comment(text: string): string {
  return text
    .split(/[\n\r]/)
    .map((line) => `-- ${line}`.trimEnd())
    .join("\n");
}
