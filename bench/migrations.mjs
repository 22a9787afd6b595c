/**
 * Generated migrations: a history that runs from the first file to the last, of the statements that real histories are
 * made of, in about their shares. The same seed gives the same files.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A small generator of numbers from 0 to 1 (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const types = [
  "text",
  "integer",
  "bigint",
  "boolean",
  "timestamptz",
  "numeric(12,2)",
  "jsonb",
  "uuid",
  "varchar(255)",
];

/** The texts of `count` migrations, about five statements each. */
export function generateMigrations(count, { seed = 1 } = {}) {
  const chance = random(seed);
  const pick = (list) => list[Math.floor(chance() * list.length)];
  const tables = [];
  const enums = [];
  let number = 0;
  const next = (word) => `${word}_${++number}`;

  function createTable() {
    const table = { name: next("item"), columns: [], required: [], indexes: [] };
    const columns = [
      "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
      "created_at timestamptz NOT NULL DEFAULT now()",
    ];
    for (let index = 0; index < 3 + Math.floor(chance() * 6); index++) {
      const name = next("field");
      const type = pick(types);
      table.columns.push({ name, type });
      columns.push(`${name} ${type}`);
    }
    const parent = tables.length > 0 && chance() < 0.6 ? pick(tables) : undefined;
    if (parent !== undefined)
      columns.push(`${parent.name}_id bigint REFERENCES ${parent.name} (id) ON DELETE CASCADE`);
    tables.push(table);
    const made = [`CREATE TABLE ${table.name} (\n  ${columns.join(",\n  ")}\n)`];
    if (parent !== undefined) made.push(`CREATE INDEX ON ${table.name} (${parent.name}_id)`);
    return made;
  }

  function addColumn() {
    const table = pick(tables);
    const name = next("field");
    const type = pick(types);
    table.columns.push({ name, type });
    const constant =
      type === "integer" ? " NOT NULL DEFAULT 0" : type === "text" ? " DEFAULT ''" : "";
    return [`ALTER TABLE ${table.name} ADD COLUMN ${name} ${type}${constant}`];
  }

  function createIndex() {
    const table = pick(tables);
    const column = pick(table.columns.filter(({ type }) => type !== "jsonb"));
    if (column === undefined) return addColumn();
    const name = next("idx");
    table.indexes.push(name);
    return [`CREATE INDEX ${name} ON ${table.name} (${column.name})`];
  }

  function dropIndex() {
    const table = pick(tables);
    const name = table.indexes.pop();
    return name === undefined ? createIndex() : [`DROP INDEX ${name}`];
  }

  function constrain() {
    const table = pick(tables);
    const column = pick(
      table.columns.filter(({ type }) => type === "integer" || type === "bigint"),
    );
    if (column === undefined) return addColumn();
    const name = next("check");
    const valid = chance() < 0.5;
    const add = `ALTER TABLE ${table.name} ADD CONSTRAINT ${name} CHECK (${column.name} >= 0)`;
    return valid
      ? [add]
      : [`${add} NOT VALID`, `ALTER TABLE ${table.name} VALIDATE CONSTRAINT ${name}`];
  }

  function link() {
    const [child, parent] = [pick(tables), pick(tables)];
    const name = next("link");
    child.columns.push({ name, type: "bigint" });
    return [
      `ALTER TABLE ${child.name} ADD COLUMN ${name} bigint`,
      `ALTER TABLE ${child.name} ADD CONSTRAINT ${name}_fk FOREIGN KEY (${name}) REFERENCES ${parent.name} (id)`,
    ];
  }

  function retype() {
    const table = pick(tables);
    const column = table.columns.find(({ type }) => type === "varchar(255)" || type === "integer");
    if (column === undefined) return addColumn();
    column.type = column.type === "integer" ? "bigint" : "text";
    return [`ALTER TABLE ${table.name} ALTER COLUMN ${column.name} TYPE ${column.type}`];
  }

  function changeRows() {
    const table = pick(tables);
    const column = pick(
      table.columns.filter(({ type }) => type === "text" || type === "varchar(255)"),
    );
    if (column === undefined) return addColumn();
    return [
      `UPDATE ${table.name} SET ${column.name} = coalesce(${column.name}, '') WHERE ${column.name} IS NULL`,
    ];
  }

  function enumeration() {
    if (enums.length > 0 && chance() < 0.5)
      return [`ALTER TYPE ${pick(enums)} ADD VALUE IF NOT EXISTS '${next("value")}'`];
    const name = next("state");
    enums.push(name);
    return [`CREATE TYPE ${name} AS ENUM ('new', 'open', 'done')`];
  }

  function routine() {
    const name = next("touch");
    return [
      `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  NEW.created_at := now();\n  RETURN NEW;\nEND $$`,
      `CREATE TRIGGER ${name} BEFORE UPDATE ON ${pick(tables).name} FOR EACH ROW EXECUTE FUNCTION ${name}()`,
    ];
  }

  const kinds = [
    [0.16, createTable],
    [0.3, addColumn],
    [0.16, createIndex],
    [0.04, dropIndex],
    [0.07, constrain],
    [0.08, link],
    [0.04, retype],
    [0.07, changeRows],
    [0.04, enumeration],
    [0.04, routine],
  ];
  const choose = () => {
    let at = chance();
    for (const [share, make] of kinds) if ((at -= share) < 0) return make;
    return addColumn;
  };
  const files = [];
  for (let index = 1; index <= count; index++) {
    const statements = chance() < 0.4 ? ["SET lock_timeout = '3s'"] : [];
    if (tables.length < 3) statements.push(...createTable());
    const wanted = 2 + Math.floor(chance() * 6);
    while (statements.length < wanted) statements.push(...choose()());
    const name = `${String(index).padStart(5, "0")}_change.sql`;
    files.push({ name, sql: `-- change ${index}\n${statements.join(";\n\n")};\n` });
  }
  return files;
}

/** Writes them into a folder, which is made. */
export function writeMigrations(folder, files) {
  mkdirSync(folder, { recursive: true });
  for (const { name, sql } of files) writeFileSync(join(folder, name), sql);
}
