import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSql, type Statement } from "../../../src/sql/index.ts";

/** One statement of the matrix with what must be there before it. */
export interface Form {
  readonly id: string;
  /** File without its ending: what kind of statements they are. */
  readonly chapter: string;
  readonly majors: readonly number[];
  /** SQL that is run and committed before. */
  readonly setUp: string;
  readonly statement: Statement;
}

export const majors = [14, 15, 16, 17, 18] as const;

const folder = import.meta.dirname;

/** The schema that every form starts from. */
export const baseSql = readFileSync(join(folder, "base.sql"), "utf8");

/** All forms, by file and place in it. */
export async function readForms(): Promise<readonly Form[]> {
  const files = readdirSync(join(folder, "forms")).filter((file) => file.endsWith(".sql"));
  const forms: Form[] = [];
  for (const file of files.sort()) {
    const text = readFileSync(join(folder, "forms", file), "utf8");
    for (const part of text.split(/^-- form: /m).slice(1))
      forms.push(await readForm(part, file.slice(0, -".sql".length)));
  }
  const ids = forms.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`two forms are called ${twice}`);
  return forms;
}

async function readForm(text: string, chapter: string): Promise<Form> {
  const [id = ""] = text.split("\n", 1);
  const [before, measured] = text.slice(id.length).split(/^-- measure$/m);
  const range = /^-- pg: (\d+)(?:-(\d+))?$/m.exec(before ?? "");
  const [from, to] = range === null ? [14, 18] : [Number(range[1]), Number(range[2] ?? range[1])];
  const statements = await parseSql(measured ?? "", `form ${id}`);
  if (statements.length !== 1)
    throw new Error(`form ${id} must measure one statement, not ${statements.length}`);
  return {
    id: id.trim(),
    chapter,
    majors: majors.filter((major) => major >= from && major <= to),
    setUp: (before ?? "").replace(/^-- pg: .*$/m, "").trim(),
    statement: statements[0]!,
  };
}
