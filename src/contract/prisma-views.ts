import { parseSql, quoteIdent, quoteQualified } from "../sql/index.ts";
import { prismaDdl } from "./prisma-engine.ts";
import type { PrismaModel, PrismaSchema } from "./prisma-models.ts";
import type { ScratchStatement } from "./scratch-ddl.ts";

/** What makes a view with the columns that the code reads from it. */
export interface ViewStatements {
  readonly statements: readonly ScratchStatement[];
  /** The table under it, which is nobody's. */
  readonly shape: string;
}

/**
 * Stand-ins for the views of a schema. Prisma writes no DDL for views, a migration of the team's own makes them; the types of
 * their columns are asked of its engine all the same, as those of a table with these fields.
 */
export async function viewsOf(
  { models, enums }: PrismaSchema,
  root: string,
): Promise<readonly ViewStatements[]> {
  const views = models.filter(
    ({ isView, access, columns }) =>
      isView && access.length > 0 && columns.some(({ readable }) => readable),
  );
  if (views.length === 0) return [];
  const types = new Map(enums.map(({ block, qualified }) => [block.name, qualified]));
  const name = views[0]!.block.file;
  const text = [datasource, ...views.map((view, at) => tableLike(view, at, types))].join("\n");
  const ddl = await prismaDdl([{ name, text }], root, name);
  const creates = (await parseSql(ddl, name)).filter(({ kind }) => kind === "CreateStmt");
  return views.map(({ block, schema, table }, at) => {
    const shape = shapeName(at);
    const from = `${block.file}:${block.line}`;
    const view = quoteQualified(schema, table);
    const statements = [
      creates.find(({ sql }) => sql.includes(quoteIdent(shape)))!.sql,
      `CREATE SCHEMA IF NOT EXISTS ${quoteIdent(schema)}`,
      `CREATE VIEW ${view} AS SELECT * FROM ${quoteIdent(shape)}`,
    ];
    return { shape, statements: statements.map((sql) => ({ sql, from })) };
  });
}

const datasource = 'datasource db {\n  provider = "postgresql"\n  url = "postgresql://"\n}';

function shapeName(at: number): string {
  return `shape of view ${at}`;
}

/** A model with the view's columns. Types of the database's own are named as SQL, so that they need no block here. */
function tableLike(
  { columns }: PrismaModel,
  at: number,
  types: ReadonlyMap<string, string>,
): string {
  const fields = columns
    .filter(({ readable }) => readable)
    .map(({ name, field }, number) => {
      const type = types.get(field.type);
      const written = type === undefined ? field.type : `Unsupported(${JSON.stringify(type)})`;
      const native = field.attributes.find((one) => one.name.startsWith("db."))?.text ?? "";
      const mark = field.isList ? "[]" : "?";
      return `  f${number} ${written}${mark} ${native} @map(${JSON.stringify(name)})`;
    });
  return `model Shape${at} {\n${fields.join("\n")}\n  @@map("${shapeName(at)}")\n  @@ignore\n}`;
}
