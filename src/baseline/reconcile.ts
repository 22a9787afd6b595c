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
  const parts = remains.map((row) =>
    [...linesOf(row).map(comment), ...kept(row).map(({ sql }) => `${sql};`)].join("\n"),
  );
  return (
    [comment(title), comment("Read it before it is run: nothing of it was."), ...parts].join(
      "\n\n",
    ) + "\n"
  );
}

/** The same for a migration: every database runs it, those too in which nothing differs. */
export function reconcilingParts(remains: readonly Remaining[]): readonly ReconcilingPart[] {
  return remains.map((row) => ({
    comments: linesOf(row),
    statements: kept(row).map(({ sql, needed }) => needed ?? sql),
  }));
}

/** Statements that make one catalog of the other on scratch, where nothing can be lost. */
export function imitatingSql(remains: readonly Remaining[]): readonly string[] {
  return remains.flatMap((row) => piecesOf(row).map(({ sql }) => sql));
}

function kept(row: Remaining) {
  return piecesOf(row).filter(({ loses }) => loses !== true);
}

function linesOf(row: Remaining): readonly string[] {
  const pieces = piecesOf(row);
  return [
    ...`${row.sentence}.`.split("\n"),
    ...(pieces.length === 0 ? ["not written: take it from the migration that makes it"] : []),
    ...pieces.flatMap(({ sql, loses }) =>
      loses === true ? `to take it back: ${sql};`.split("\n") : [],
    ),
  ];
}

/** Every line of a text as a comment of SQL. */
function comment(text: string): string {
  return text
    .split("\n")
    .map((line) => `-- ${line}`.trimEnd())
    .join("\n");
}
