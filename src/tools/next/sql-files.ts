import { existsSync } from "node:fs";
import { hash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { dieselVersion } from "../diesel.ts";
import type { Migration } from "../migration.ts";
import { frontAfter, numberAfter } from "./number.ts";
import {
  commented,
  nextName,
  nothingBack,
  sqlOf,
  type NextMigration,
  type NextPlace,
  type NextText,
} from "./next-text.ts";

/** Writes the migration behind the last one; undefined where that one's name tells no order. */
type Writer = (
  last: Migration,
  text: NextText,
  place: NextPlace,
) => Omit<NextMigration, "remarks"> | undefined;

/** The next file beside the last one: `0004_reconcile.sql`, with `.down.sql` where that one has such a file. */
const besideLast =
  (write: (text: NextText) => string): Writer =>
  ({ file }, text, { root, now }) => {
    const front = frontAfter(basename(file), now);
    if (front === undefined) return undefined;
    const [, up = ""] = /(\.up)?\.sql$/i.exec(file) ?? [];
    const path = `${dirname(file)}/${front}${nextName}`;
    const hasBack = up !== "" && existsSync(join(root, file.replace(/\.up\.sql$/i, ".down.sql")));
    return {
      created: [
        { file: `${path}${up}.sql`, text: write(text) },
        ...(hasBack ? [{ file: `${path}.down.sql`, text: `${commented([nothingBack])}\n` }] : []),
      ],
    };
  };

const cut =
  (up: string, down: string, statement?: (sql: string) => string) =>
  (text: NextText): string =>
    `${up}\n${sqlOf(text, statement)}\n${down}\n${commented([nothingBack])}\n`;

/** goose ends a statement at each semicolon at the end of a line, unless it is told where it ends. */
const gooseStatement = (sql: string): string =>
  sql.includes(";\n") ? `-- +goose StatementBegin\n${sql};\n-- +goose StatementEnd` : `${sql};`;

const plain = besideLast(sqlOf);

const prisma: Writer = ({ id, file }, text, { now }) => {
  const front = frontAfter(id, now);
  // Prisma names a folder by the time, whatever the one before it is called.
  const name = `${/^\d{14}/.test(id) ? front : stamp(now)}${nextName}`;
  return {
    created: [{ file: `${dirname(dirname(file))}/${name}/migration.sql`, text: sqlOf(text) }],
  };
};

function stamp(now: Date): string {
  return `${now.toISOString().replaceAll(/\D/g, "").slice(0, 14)}_`;
}

/** A folder named by the time, as `diesel migration generate` names it, or one more; undefined where it would not come last. */
const diesel: Writer = ({ id, file }, text, { root, now }) => {
  const last = dieselVersion(id);
  if (!/^\d+$/.test(last)) return undefined;
  const time = now.toISOString().replaceAll(/T|:/g, (mark) => (mark === "T" ? "-" : ""));
  const front = /^\d{4}-\d\d-\d\d-/.test(id)
    ? `${time.slice(0, 17)}${/^(?:\d+-){4}\d+_/.test(id) ? "-0000" : ""}`
    : numberAfter(last, now);
  if (dieselVersion(front) <= last) return undefined;
  const folder = `${dirname(dirname(file))}/${front}_${nextName}`;
  const hasBack = existsSync(join(root, dirname(file), "down.sql"));
  return {
    created: [
      { file: `${folder}/up.sql`, text: sqlOf(text) },
      ...(hasBack ? [{ file: `${folder}/down.sql`, text: `${commented([nothingBack])}\n` }] : []),
    ],
  };
};

/** `V1.11__reconcile.sql` behind `V1.10__…`. */
const flyway: Writer = ({ file }, text, { now }) => {
  const front = /^(V(?:\d+[._])*)(\d+)__/.exec(basename(file));
  if (front === null) return undefined;
  const name = `${front[1]}${numberAfter(front[2]!, now)}__${nextName}`;
  return { created: [{ file: `${dirname(file)}/${name}.sql`, text: sqlOf(text) }] };
};

/** As `graphile-migrate commit` writes it: with the hash of itself and of the one before it. */
const graphile: Writer = ({ id, file, native }, text, { now }) => {
  const name = `${numberAfter(id, now)}${basename(file).includes("-") ? `-${nextName}` : ""}`;
  const previous = String(native["hash"]);
  const body = sqlOf(text).trim();
  const own = hash("sha1", `${previous}\n${body}\n`);
  const head = `--! Previous: ${previous}\n--! Hash: sha1:${own}\n--! Message: ${nextName}\n\n`;
  return { created: [{ file: `${dirname(file)}/${name}.sql`, text: `${head}${body}\n` }] };
};

/** How the next migration of each tool that has files of SQL is written, but for Drizzle. */
export const sqlWriters: Readonly<Record<string, Writer>> = {
  sql: plain,
  "golang-migrate": plain,
  sqlx: plain,
  supabase: plain,
  dbmate: besideLast(cut("-- migrate:up", "-- migrate:down")),
  goose: besideLast(cut("-- +goose Up", "-- +goose Down", gooseStatement)),
  "node-pg-migrate": besideLast(cut("-- Up Migration", "-- Down Migration")),
  prisma,
  diesel,
  flyway,
  "graphile-migrate": graphile,
};
