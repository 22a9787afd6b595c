import type { ConformanceCase, Files, Migration } from "./case.ts";

/** How one tool writes a migration: its files, of a number, a name and the statements of the way forth. */
export type Write = (
  number: string,
  name: string,
  sql: string,
  options?: { readonly alone?: boolean },
) => Migration;

type Part = Pick<
  ConformanceCase,
  "migrations" | "failing" | "halves" | "planned" | "late" | "edited"
>;

/**
 * The same migrations for every tool. The index of `halves` is built concurrently over rows that are not unique.
 * @param numbers of the first three, of the fourth, and of one between the first and the second
 */
export function sameMigrations(
  write: Write,
  numbers: { readonly good: readonly [string, string, string]; fourth: string; late: string },
): Part {
  const [one, two, three] = numbers.good;
  const second = "ALTER TABLE things ADD COLUMN n int;\n";
  return {
    migrations: [
      write(
        one,
        "things",
        "CREATE TABLE things (id int);\nINSERT INTO things VALUES (1), (1); -- größer\n",
      ),
      write(two, "counted", second),
      write(three, "indexed", "CREATE INDEX CONCURRENTLY things_n ON things (n);\n", {
        alone: true,
      }),
    ],
    failing: write(numbers.fourth, "fails", "CREATE TABLE half (id int);\nSELECT 1 / 0;\n"),
    halves: write(
      numbers.fourth,
      "halves",
      "CREATE TABLE half (id int);\nCREATE UNIQUE INDEX CONCURRENTLY things_id ON things (id);\n",
      { alone: true },
    ),
    planned: write(numbers.fourth, "renamed", "ALTER TABLE things RENAME TO items;\n"),
    late: write(numbers.late, "late", "CREATE TABLE late (id int);\n"),
    edited: edit(write(two, "counted", `-- counted\n${second}`).files),
  };
}

/** Ways back stay as they are. */
function edit(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).filter(([, text]) => text.includes("-- counted")),
  );
}
