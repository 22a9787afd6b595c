import { quoteLiteral } from "../sql/index.ts";

/** A part of a table, or an index as a whole, by names as they are written in SQL. */
export interface Part {
  readonly of: "constraint" | "trigger" | "type" | "index";
  readonly table: string;
  readonly name: string;
}

/** A statement that runs some others where a condition holds. */
export function asNeeded(condition: string, statements: readonly string[]): string {
  // As they are: a line of theirs may be one of a literal.
  const inside = statements.map((sql) => `    ${sql};`).join("\n");
  return block("", `  IF ${condition} THEN\n${inside}\n  END IF;`);
}

/**
 * The same where something is missing, or the server writes it otherwise than the migrations make it. How it writes names hangs
 * on the `search_path`, in which nothing is meanwhile.
 */
export function whereItDiffers(
  part: Part,
  definition: string,
  statements: readonly string[],
): string {
  const inside = statements.map((sql) => `    ${sql};`).join("\n");
  return block(
    "DECLARE\n  path text := pg_catalog.current_setting('search_path');\n",
    `  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF (${writtenAs(part)}) IS DISTINCT FROM ${quoteLiteral(definition)} THEN
${inside}
  END IF;
  PERFORM pg_catalog.set_config('search_path', path, true);`,
  );
}

/** Statements, inside of a block, that end all of it where a condition holds, which stays so until the transaction's end. */
export function refusing(table: string, condition: string, message: string): readonly string[] {
  return [
    `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`,
    `IF ${condition} THEN\n      RAISE EXCEPTION USING MESSAGE = ${quoteLiteral(message)};\n    END IF`,
  ];
}

function block(declared: string, body: string): string {
  let tag = "$lockstep$";
  for (let number = 1; body.includes(tag); number++) tag = `$lockstep${number}$`;
  return `DO ${tag}\n${declared}BEGIN\n${body}\nEND\n${tag}`;
}

/** True where a table has no part of this name. */
export function hasNone({ of, table, name }: Part): string {
  const [catalog, relation, column] =
    of === "trigger"
      ? ["pg_trigger", "tgrelid", "tgname"]
      : ["pg_constraint", "conrelid", "conname"];
  return `NOT EXISTS (SELECT FROM pg_catalog.${catalog} WHERE ${relation} = ${regclass(table)} AND ${column} = ${nameOf(name)})`;
}

/** How the server writes it; no row where it is not there. */
function writtenAs({ of, table, name }: Part): string {
  if (of === "index")
    return `SELECT pg_catalog.pg_get_indexdef(oid) FROM pg_catalog.pg_class WHERE oid = ${regclass(table)}`;
  if (of === "type")
    return `SELECT pg_catalog.format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute WHERE attrelid = ${regclass(table)} AND attname = ${nameOf(name)}`;
  return `SELECT pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint WHERE conrelid = ${regclass(table)} AND conname = ${nameOf(name)}`;
}

function regclass(table: string): string {
  return `pg_catalog.to_regclass(${quoteLiteral(table)})`;
}

/** A name as the catalog has it, of one that is written in SQL. */
function nameOf(written: string): string {
  return quoteLiteral(
    written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written,
  );
}
