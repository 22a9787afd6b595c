import { basename, dirname, extname, join } from "node:path";
import type { Migration } from "../migration.ts";
import { textOf } from "../tool-of.ts";
import { frontAfter, numberAfter } from "./number.ts";
import {
  commented,
  nextName,
  nothingBack,
  type NewFile,
  type NextPlace,
  type NextText,
} from "./next-text.ts";

/** How the last program is written: the next one is written so too. */
interface Manner {
  readonly isTypeScript: boolean;
  readonly isModule: boolean;
}

/** One tool's programs. */
interface Shape {
  /** The next name without ending; undefined where the last one's tells no order. */
  readonly name: (last: Migration, now: Date) => string | undefined;
  /** The whole text around the calls. */
  readonly program: (body: string, manner: Manner, name: string) => string;
  /** A call that sends a statement, which is given as a template literal. */
  readonly call: (literal: string) => string;
  /** How far the calls are indented. */
  readonly indent: number;
  /** What the tool would take for something else in a statement. */
  readonly escape?: (sql: string) => string;
}

const byFront = ({ file }: Migration, now: Date) => {
  const front = frontAfter(basename(file), now);
  return front === undefined ? undefined : `${front}${nextName}`;
};

/** Two functions, exported one by one. */
function functions(
  up: { readonly argument: string; readonly type: string; readonly imported: string },
  body: string,
  { isTypeScript, isModule }: Manner,
): string {
  const { argument, type, imported } = up;
  const typed = isTypeScript ? `${argument}: ${type}` : argument;
  const returns = isTypeScript ? ": Promise<void>" : "";
  if (isTypeScript || isModule)
    return `${imported}export async function up(${typed})${returns} {\n${body}\n}\n\n// ${nothingBack}\nexport async function down()${returns} {}\n`;
  return `${imported}exports.up = async (${argument}) => {\n${body}\n};\n\n// ${nothingBack}\nexports.down = async () => {};\n`;
}

/** A class with two methods. */
function classOf(
  { head, exported, typed }: { head: string; exported: string; typed: boolean },
  argument: string,
  members: string,
  body: string,
): string {
  const returns = typed ? ": Promise<void>" : "";
  return `${head}${exported} {\n${members}  async up(${argument})${returns} {\n${body}\n  }\n\n  // ${nothingBack}\n  async down()${returns} {}\n`;
}

/** A question mark is a parameter to Knex, unless a backslash stands before it. */
const withoutParameters = (sql: string) => sql.replaceAll("?", String.raw`\?`);

const shapes: Readonly<Record<string, Shape>> = {
  knex: {
    name: byFront,
    program: (body, manner) =>
      functions(
        {
          argument: "knex",
          type: "Knex",
          imported: manner.isTypeScript ? 'import type { Knex } from "knex";\n\n' : "",
        },
        body,
        manner,
      ),
    call: (literal) => `await knex.raw(${literal});`,
    indent: 2,
    escape: withoutParameters,
  },
  kysely: {
    name: byFront,
    program: (body, manner) =>
      functions(
        {
          argument: "db",
          type: "Kysely<unknown>",
          imported: manner.isTypeScript
            ? 'import { sql, type Kysely } from "kysely";\n\n'
            : manner.isModule
              ? 'import { sql } from "kysely";\n\n'
              : 'const { sql } = require("kysely");\n\n',
        },
        body,
        manner,
      ),
    call: (literal) => `await sql.raw(${literal}).execute(db);`,
    indent: 2,
  },
  "node-pg-migrate": {
    name: byFront,
    program: (body, manner) =>
      functions(
        {
          argument: "pgm",
          type: "MigrationBuilder",
          imported: manner.isTypeScript
            ? 'import type { MigrationBuilder } from "node-pg-migrate";\n\n'
            : "",
        },
        body,
        manner,
      ),
    call: (literal) => `pgm.sql(${literal});`,
    indent: 2,
  },
  umzug: {
    name: byFront,
    program: (body, manner) =>
      functions(
        {
          argument: "{ context }",
          type: '{ context: import("sequelize").QueryInterface }',
          imported: "",
        },
        body,
        manner,
      ),
    call: (literal) => `await context.sequelize.query(${literal});`,
    indent: 2,
  },
  sequelize: {
    name: byFront,
    program: (body, { isTypeScript, isModule }) => {
      const type = isTypeScript ? ': import("sequelize").QueryInterface' : "";
      const members = `{\n  async up(queryInterface${type}) {\n    await queryInterface.sequelize.transaction(async (transaction) => {\n${body}\n    });\n  },\n\n  // ${nothingBack}\n  async down() {},\n};\n`;
      return `${isTypeScript || isModule ? "export default" : "module.exports ="} ${members}`;
    },
    call: (literal) => `await queryInterface.sequelize.query(${literal}, { transaction });`,
    indent: 6,
  },
  typeorm: {
    name: ({ id }, now) => `${numberAfter(/\d{13}$/.exec(id)?.[0] ?? "0", now)}-Reconcile`,
    program: (body, { isTypeScript, isModule }, name) => {
      const own = `Reconcile${name.slice(0, 13)}`;
      const head = isTypeScript
        ? 'import type { MigrationInterface, QueryRunner } from "typeorm";\n\n'
        : "";
      const exported = isTypeScript
        ? `export class ${own} implements MigrationInterface`
        : isModule
          ? `export class ${own}`
          : `module.exports = class ${own}`;
      const argument = isTypeScript ? "queryRunner: QueryRunner" : "queryRunner";
      const text = classOf(
        { head, exported, typed: isTypeScript },
        argument,
        `  name = "${own}";\n\n`,
        body,
      );
      return `${text}}${isTypeScript || isModule ? "" : ";"}\n`;
    },
    call: (literal) => `await queryRunner.query(${literal});`,
    indent: 4,
  },
  "mikro-orm": {
    name: ({ id }, now) => {
      const [, word, digits] = /^(.*?)(\d+)/.exec(id) ?? [];
      return digits === undefined ? undefined : `${word}${numberAfter(digits, now)}`;
    },
    program: (body, { isTypeScript, isModule }, name) => {
      const isExported = isTypeScript || isModule;
      const head = isExported
        ? 'import { Migration } from "@mikro-orm/migrations";\n\n'
        : 'const { Migration } = require("@mikro-orm/migrations");\n\n';
      const exported = isExported
        ? `export class ${name} extends Migration`
        : `exports.${name} = class ${name} extends Migration`;
      const text = classOf({ head, exported, typed: isTypeScript }, "", "", body);
      return `${text}}${isExported ? "" : ";"}\n`;
    },
    call: (literal) => `this.addSql(${literal});`,
    indent: 4,
  },
};

/** The next program beside the last one, in its manner; undefined where it is not known how one is written, or named. */
export function nextProgram(
  tool: string,
  last: Migration,
  { head, parts }: NextText,
  { root, now }: NextPlace,
): NewFile | undefined {
  const shape = shapes[tool];
  const name = shape?.name(last, now);
  if (shape === undefined || name === undefined) return undefined;
  const ending = extname(last.file);
  const text = textOf(join(root, last.file)) ?? "";
  const manner: Manner = {
    isTypeScript: /^\.[cm]?ts$/.test(ending),
    isModule: ending === ".mjs" || /^\s*(?:export|import)\s/m.test(text),
  };
  const { call, indent, escape = (sql: string) => sql } = shape;
  const space = " ".repeat(indent);
  const body = parts
    .map(({ comments, statements }) =>
      [
        commented(comments, `${space}//`),
        ...statements.map((sql) => `${space}${call(literal(escape(sql)))}`),
      ].join("\n"),
    )
    .join("\n\n");
  return {
    file: `${dirname(last.file)}/${name}${ending}`,
    text: `${commented(head, "//")}\n${shape.program(body, manner, name)}`,
  };
}

/** A text as a template literal, in which a carriage return would come out as a line feed. */
function literal(sql: string): string {
  const escaped = sql.replaceAll(/[\\`]|\$(?=\{)/g, String.raw`\$&`);
  return `\`${escaped.replaceAll("\r", String.raw`\r`)}\``;
}
