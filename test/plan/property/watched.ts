import type { Relation, World } from "../../../src/effects/world/index.ts";
import { quoteIdent, quoteLiteral } from "../../../src/sql/index.ts";
import type { Draw } from "../../effects/fuzz/draw.ts";
import {
  anyColumn,
  anyCondition,
  baseName,
  relationsOf,
  valueFor,
  written,
  type Field,
} from "../../effects/fuzz/names.ts";

/**
 * What triggers of applications do when a row is updated; they count in a circle, so that no number grows out of its type.
 * They are told what the table is called: a table that gets another name has its old one for triggers until the contract phase.
 */
const kept = [
  "CREATE TABLE IF NOT EXISTS watch_log (id bigserial PRIMARY KEY, what text)",
  "CREATE TABLE IF NOT EXISTS watch_total (what text PRIMARY KEY, n integer NOT NULL DEFAULT 0)",
  `CREATE OR REPLACE FUNCTION watch_stamp() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN NEW.updated_at := clock_timestamp(); NEW.version := OLD.version % 1000 + 1; RETURN NEW; END $$`,
  `CREATE OR REPLACE FUNCTION watch_log() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN INSERT INTO watch_log (what) VALUES (TG_ARGV[0]); RETURN NULL; END $$`,
  `CREATE OR REPLACE FUNCTION watch_total() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN INSERT INTO watch_total AS t VALUES (TG_ARGV[0], 1) ON CONFLICT (what) DO UPDATE SET n = t.n % 1000 + 1; RETURN NULL; END $$`,
];

/** Statements that give some tables triggers for UPDATE; none for most schemas. */
export function drawTriggers(draw: Draw, world: World): readonly string[] {
  if (!draw.chance(35)) return [];
  const field: Field = { draw, world, major: world.major };
  const tables = relationsOf(field, "table").filter(({ name }) => !name.startsWith("watch_"));
  return [...kept, ...draw.some(tables, 1, 3).flatMap((table) => watched(field, table))];
}

function watched(field: Field, table: Relation): readonly string[] {
  const { draw } = field;
  const name = written(field, table);
  const of = draw.chance(25) ? ` OF ${quoteIdent(anyColumn(field, table).name)}` : "";
  // Of json nothing says whether it is equal.
  const isComparable = table.columns.every((column) => baseName(field.world, column) !== "json");
  const when = draw.chance(25) && isComparable ? " WHEN (OLD.* IS DISTINCT FROM NEW.*)" : "";
  const trigger = (call: string, moment: string) =>
    `CREATE TRIGGER ${call} ${moment} UPDATE${of} ON ${name} FOR EACH ROW${when} EXECUTE FUNCTION public.${call}(${quoteLiteral(table.name).trim()})`;
  // A partition gets no columns of its own.
  const stamp =
    table.partitionOf === undefined
      ? [
          `ALTER TABLE ${name} ADD COLUMN updated_at timestamptz, ADD COLUMN version integer NOT NULL DEFAULT 0`,
          trigger("watch_stamp", "BEFORE"),
        ]
      : [];
  return draw.one([
    stamp,
    [trigger("watch_log", "AFTER")],
    [trigger("watch_total", "AFTER")],
    [...stamp, trigger("watch_total", "AFTER")],
  ]);
}

/** An UPDATE of some table, mostly with a constant and beside its key, of all rows or of some. */
export function drawUpdate(draw: Draw, world: World): string {
  const field: Field = { draw, world, major: world.major };
  const tables = relationsOf(field, "table").filter(({ name }) => !name.startsWith("watch_"));
  const seen = tables.filter((table) => table.columns.some((own) => own.name === "version"));
  const table = draw.one(seen.length > 0 && draw.chance(70) ? seen : tables);
  const keys = new Set(
    table.constraints.flatMap((one) => (one.kind === "primary-key" ? one.columns : [])),
  );
  const beside = { ...table, columns: table.columns.filter(({ name }) => !keys.has(name)) };
  const own = anyColumn(field, draw.chance(90) ? beside : table);
  const values = Array.from({ length: 4 }, () => valueFor(field, own));
  const value = values.find((one) => one !== "NULL" && !one.endsWith(")")) ?? values[0]!;
  const where = draw.chance(40) ? ` WHERE ${anyCondition(field, table)}` : "";
  return `UPDATE ${written(field, table)} SET ${quoteIdent(own.name)} = ${value}${where}`;
}
