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
  const ordered = remains.toSorted((one, other) => Number(isNeeded(other)) - Number(isNeeded(one)));
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

/** True for what others may need: it is written before them. */
function isNeeded({ differences: [first] }: Remaining): boolean {
  return /^missing-(?:schema|extension|enum|sequence)$/.test(first?.kind ?? "");
}

/** The same for a migration: every database runs it, those too in which nothing differs. */
export function reconcilingParts(remains: readonly Remaining[]): readonly ReconcilingPart[] {
  return remains.flatMap((row) => {
    const own = kept(row);
    const statements = (isLast: boolean) =>
      own
        .filter((piece) => (piece.isLast === true) === isLast)
        .map(({ sql, needed }) => needed ?? sql);
    const last = statements(true);
    return [
      { comments: linesOf(row), statements: statements(false) },
      ...(last.length === 0
        ? []
        : [{ comments: [`whose ${row.what} ${row.object} is.`], statements: last }]),
    ];
  });
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
    ...pieces.flatMap(({ hint }) => (hint === undefined ? [] : [hint])),
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
