/** What a migration that is to be written does. */
export interface NextText {
  /** What it is, a line each, without the marks of a comment. */
  readonly head: readonly string[];
  readonly parts: readonly {
    /** What the statements are for; a part may be comments alone. */
    readonly comments: readonly string[];
    /** Without semicolons. */
    readonly statements: readonly string[];
  }[];
}

/** A file that is to be made. */
export interface NewFile {
  /** Relative to the project's root, as it is shown. */
  readonly file: string;
  readonly text: string;
}

/** The files of a folder's next migration, in the order in which they are to be written. */
export interface NextMigration {
  readonly created: readonly NewFile[];
  /** A list of the tool's own that has to name it: written last, and only if nobody else has changed it. */
  readonly listed?: NewFile & { readonly before: string };
  /** What a person has to know of it. */
  readonly remarks: readonly string[];
}

/** Where it is written, and when. */
export interface NextPlace {
  /** What paths of the folder are relative to, absolute. */
  readonly root: string;
  readonly now: Date;
}

/** What the name of such a migration says. */
export const nextName = "reconcile";

/** By which such a migration is known as one that Lockstep has written. */
export const nextMark = "Written by lockstep baseline, for review: nothing of it was run.";

/** What stands where a tool wants a way back. */
export const nothingBack = "Nothing to take back: the migrations before it make the same.";

/** The whole as SQL: each part with its comments above it. */
export function sqlOf(
  { head, parts }: NextText,
  write: (statement: string) => string = (statement) => `${statement};`,
): string {
  const blocks = [
    commented(head),
    ...parts.map(({ comments, statements }) =>
      [commented(comments), ...statements.map(write)].filter((text) => text !== "").join("\n"),
    ),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** Lines as comments; of a name with a line's end in it, each line is one. */
export function commented(lines: readonly string[], mark = "--"): string {
  return lines
    .flatMap((line) => line.split(/[\n\r\u2028\u2029]/))
    .map((line) => `${mark} ${line}`.trimEnd())
    .join("\n");
}
