import type { DrawnChange } from "./judge.ts";
import type { Random } from "./random.ts";
import type { MadeColumn, MadeSchema, MadeTable } from "./rich-schema.ts";

/** One change of a live schema, as someone could make it by hand. */
export interface Mutation extends DrawnChange {
  /** Tables whose statements may be touched. */
  readonly tables: ReadonlySet<string>;
}

export interface Subject {
  readonly schema: MadeSchema;
  readonly table: MadeTable;
  readonly random: Random;
  readonly major: number;
}

export type Made = Omit<Mutation, "kind" | "tables"> & { readonly tables?: ReadonlySet<string> };
export type Maker = (subject: Subject) => Made | undefined;

export const sql = (...statements: readonly string[]): Made => ({ sql: statements });

export const q = (name: string) => `"${name}"`;
export const t = ({ table }: Subject) => q(table.name);
export const serialNumber = ({ table }: Subject) => /\d+/.exec(table.name)![0];
export const pkey = (subject: Subject) => `t${serialNumber(subject)}_pkey`;

export function columnWhere(
  { table, random }: Subject,
  wanted: (column: MadeColumn) => boolean,
): MadeColumn | undefined {
  const columns = table.columns.filter(wanted);
  return columns.length === 0 ? undefined : random.pick(columns);
}

export const anyColumn = (subject: Subject) => columnWhere(subject, () => true)!;
export const plain = ({ generated, identity, name }: MadeColumn) =>
  generated === undefined && identity === undefined && name !== "base";
