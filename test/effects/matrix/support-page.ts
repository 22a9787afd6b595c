import { join } from "node:path";
import type { Facts, Measured, MajorFacts } from "./support-facts.ts";
import type { Form } from "./support.ts";

export const locksPageFile = join(import.meta.dirname, "../../../docs/locks.md");

const titles: Readonly<Record<string, string>> = {
  "alter-add-column": "ALTER TABLE … ADD COLUMN",
  "alter-constraint": "ALTER TABLE … ADD and DROP CONSTRAINT",
  "alter-foreign-key": "Foreign keys",
  "alter-multi": "ALTER TABLE with several subcommands",
  "alter-not-null": "NOT NULL",
  "alter-other": "ALTER TABLE, other forms",
  "alter-partition": "Partitions",
  "alter-storage": "Storage, settings, replica identity",
  "alter-type": "ALTER COLUMN … TYPE",
  "create-index": "CREATE INDEX",
  "create-table": "CREATE TABLE",
  dependents: "Keys, triggers, rules, publications and owners that a statement meets",
  dml: "INSERT, UPDATE, DELETE, MERGE, COPY",
  do: "DO blocks and procedures",
  drop: "DROP",
  maintenance: "VACUUM, ANALYZE, CLUSTER, REINDEX, LOCK",
  objects: "Types, domains, sequences, functions, triggers, policies and other objects",
  views: "Views and materialized views",
};

/** The page of measured facts: every form with its locks and its work, version by version. */
export function locksPage(forms: readonly Form[], measured: Measured): string {
  const chapters = [...new Set(forms.map(({ chapter }) => chapter))];
  const titled = chapters.map((chapter) => [chapter, titles[chapter] ?? chapter] as const);
  const contents = titled.map(([, title]) => `- [${title}](#${anchor(title)})`);
  const parts = titled.flatMap(([chapter, title]) => [
    `## ${title}`,
    ...forms
      .filter((form) => form.chapter === chapter && measured[form.id] !== undefined)
      .map((form) => formText(form, measured[form.id]!)),
  ]);
  return [introduction(forms.length), contents.join("\n"), ...parts, ""].join("\n\n");
}

function introduction(count: number): string {
  return `# What statements lock

${count} statement forms, each run on Postgres 14, 15, 16, 17 and 18 with rows in the tables and observed from a second session
(\`pg_locks\`) while its transaction was open; \`CONCURRENTLY\` forms were stopped phase by phase. Nothing on this page is
written by hand: [\`scripts/measure-matrix.mjs\`](../scripts/measure-matrix.mjs) measures it, and a test measures it again.

All forms start from [one schema](../test/effects/matrix/base.sql); what else a form needs stands in
[its file](../test/effects/matrix/forms). Only relations that were there before the statement are listed: locks of what it makes itself
hold up nobody. Indexes that are locked like their table, or less, are left out here (the
[data](../test/effects/matrix/measured.json) has them).

| mode | waits for it, and makes it wait |
| --- | --- |
| AccessShare | DROP, most of ALTER TABLE, TRUNCATE |
| RowShare, RowExclusive | what SELECT FOR UPDATE, and INSERT, UPDATE, DELETE take: they do not hold up each other |
| ShareUpdateExclusive | VACUUM, other schema changes; reads and writes go on |
| Share, ShareRowExclusive, Exclusive | **writes** stop, reads go on |
| AccessExclusive | **reads and writes** stop |

_rewrites_ T: every row is written to new storage, all indexes with it. _scans_ T: reads all rows. _builds_: an index over all rows.
_checks_ T → P: looks up every row of T in P. All of it happens while the locks are held.`;
}

/** As GitHub makes anchors of titles. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, "")
    .replaceAll(" ", "-");
}

function formText({ statement, setUp }: Form, facts: readonly MajorFacts[]): string {
  const sql = [...(setUp === "" ? [] : [`-- after`, setUp, ""]), `${statement.sql};`].join("\n");
  const lines = facts.map((each) => {
    const version = facts.length === 1 && each.pg === "14-18" ? "" : `**${each.pg}**: `;
    return `- ${version}${factsText(each)}`;
  });
  return ["```sql\n" + sql + "\n```", lines.join("\n")].join("\n\n");
}

function factsText(facts: Facts): string {
  const locks = shownLocks(facts).map(([key, mode]) => `${nameOf(key)} **${mode}**`);
  const work = facts.work.flatMap(workText);
  const fails = facts.fails.map(failText);
  const said = [locks.join(", "), work.join(", "), fails.join(", ")].filter((part) => part !== "");
  return said.length === 0 ? "no lock on an existing relation" : said.join("; ");
}

const strengths = [
  "AccessShare",
  "RowShare",
  "RowExclusive",
  "ShareUpdateExclusive",
  "Share",
  "ShareRowExclusive",
  "Exclusive",
  "AccessExclusive",
];

/** Strongest first; an index only where it is locked more than every table. */
function shownLocks({ locks }: Facts): readonly (readonly [string, string])[] {
  const all = Object.entries(locks);
  const strength = ([, mode]: readonly [string, string]) => strengths.indexOf(mode);
  const isIndex = ([key]: readonly [string, string]) => kindOf(key).endsWith("index");
  const strongest = Math.max(-1, ...all.filter((lock) => !isIndex(lock)).map(strength));
  return all
    .filter((lock) => !isIndex(lock) || strength(lock) > strongest)
    .sort((a, b) => strength(b) - strength(a) || (a[0] < b[0] ? -1 : 1));
}

function kindOf(key: string): string {
  return key.split(" ").slice(1, -1).join(" ");
}

function nameOf(key: string): string {
  const role = key.split(" ", 1)[0]!;
  const name = shortName(key.slice(key.lastIndexOf(" ") + 1));
  const isPlain = role === "self" || role === "written" || role === "read" || role === "other";
  return isPlain ? `\`${name}\`` : `\`${name}\` (${role.replaceAll("-", " ")})`;
}

function shortName(name: string): string {
  return name.startsWith("public.") ? name.slice("public.".length) : name;
}

function workText(text: string): readonly string[] {
  const [kind = "", relation = "", ...rest] = text.split(" ");
  const table = `\`${shortName(relation)}\``;
  if (kind === "rewrite")
    return [rest.includes("emptied") ? `empties ${table}` : `_rewrites_ ${table}`];
  if (kind === "scan") return [`_scans_ ${table}`];
  if (kind === "foreign-key-check") return [`_checks_ ${table} → \`${shortName(rest[0]!)}\``];
  const how = `${rest.includes("again") ? " again" : ""}${rest.includes("concurrently") ? " concurrently" : ""}`;
  return [`_builds_ \`${shortName(rest[0]!)}\`${how}`];
}

function failText(text: string): string {
  const [when, state] = text.split(" ");
  const reasons: Readonly<Record<string, string>> = {
    always: `fails (${state})`,
    "in-transaction": `fails in a transaction (${state})`,
    "on-rows": `fails on rows that do not fit (${state})`,
  };
  return reasons[when!] ?? text;
}
