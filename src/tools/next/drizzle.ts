import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Migration } from "../migration.ts";
import { textOf } from "../tool-of.ts";
import { frontAfter } from "./number.ts";
import {
  commented,
  nextName,
  type NextMigration,
  type NextPlace,
  type NextText,
} from "./next-text.ts";

/**
 * Drizzle's next migration, in the layout of the last one. As `drizzle-kit generate --custom` does, the last snapshot is
 * written again with an id of its own: the schema that the migrations make is the same behind it, and so is what the next
 * `generate` starts from.
 */
export function nextOfDrizzle(last: Migration, text: NextText, place: NextPlace): NextMigration {
  return last.file.endsWith("/migration.sql")
    ? inFolder(last, text, place)
    : inJournal(last, text, place);
}

function inJournal(
  { id, file, native }: Migration,
  text: NextText,
  { root, now }: NextPlace,
): NextMigration {
  const folder = dirname(file);
  const tag = `${frontAfter(id, now) ?? "_"}${nextName}`;
  const listedIn = `${folder}/meta/_journal.json`;
  const before = readFileSync(join(root, listedIn), "utf8");
  const journal = JSON.parse(before) as { readonly entries: readonly Record<string, unknown>[] };
  const { version, breakpoints } = journal.entries.at(-1)!;
  const when = Math.max(now.getTime(), Number(native["when"]) + 1);
  const idx = Number(native["idx"]) + 1;
  const entries = [...journal.entries, { idx, version, when, tag, breakpoints }];
  const snapshotOf = (name: string) => `${folder}/meta/${/^\d*/.exec(name)![0]}_snapshot.json`;
  const last = again(textOf(join(root, snapshotOf(id))), (own) => ({ prevId: own }));
  // Without numbers in front there is one for all of them, which says the same behind this one.
  const snapshot = snapshotOf(tag) === snapshotOf(id) ? undefined : last;
  return {
    created: [
      { file: `${folder}/${tag}.sql`, text: chunked(text) },
      ...(snapshot === undefined ? [] : [{ file: snapshotOf(tag), text: snapshot }]),
    ],
    listed: { file: listedIn, before, text: JSON.stringify({ ...journal, entries }, null, 2) },
    remarks: last === undefined ? [withoutSnapshot(snapshotOf(id))] : [],
  };
}

function inFolder(
  { id, file }: Migration,
  text: NextText,
  { root, now }: NextPlace,
): NextMigration {
  const name = `${frontAfter(id, now)}${nextName}`;
  const folder = `${dirname(dirname(file))}/${name}`;
  const last = `${dirname(file)}/snapshot.json`;
  const snapshot = again(textOf(join(root, last)), (own) => ({ prevIds: [own], renames: [] }));
  return {
    created: [
      { file: `${folder}/migration.sql`, text: chunked(text) },
      ...(snapshot === undefined ? [] : [{ file: `${folder}/snapshot.json`, text: snapshot }]),
    ],
    remarks: snapshot === undefined ? [withoutSnapshot(last)] : [],
  };
}

function withoutSnapshot(file: string): string {
  return `without a snapshot of its own: ${file} is not there, or is none`;
}

/** A snapshot behind another one, with the same schema. */
function again(
  text: string | undefined,
  behind: (id: string) => Readonly<Record<string, unknown>>,
): string | undefined {
  if (text === undefined) return undefined;
  try {
    const last = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { id } = last;
    if (typeof id !== "string") return undefined;
    return JSON.stringify({ ...last, id: randomUUID(), ...behind(id) }, null, 2);
  } catch {
    // What Drizzle Kit could not read either.
    return undefined;
  }
}

/** Each statement apart, with the comments above it; what only is said stands at the end. */
function chunked({ head, parts }: NextText): string {
  const chunks = parts.flatMap(({ comments, statements }) =>
    statements.map((sql, at) => [...(at === 0 ? [commented(comments)] : []), `${sql};`].join("\n")),
  );
  const said = parts
    .filter(({ statements }) => statements.length === 0)
    .map(({ comments }) => commented(comments));
  const [first = "", ...rest] = chunks;
  const whole = [`${commented(head)}\n\n${first}`, ...rest].join("\n--> statement-breakpoint\n");
  return `${[whole, ...said].join("\n\n")}\n`;
}
