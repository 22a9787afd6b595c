import type { AlterTableCmd, Constraint } from "@pgsql/types";
import {
  byId,
  findRelation,
  type Relation,
  type WorldConstraint,
  searchPathOf,
} from "../effects/index.ts";
import type { Step } from "./fix-steps.ts";
import type { StatementInput } from "./rule.ts";

/** An ALTER TABLE taken apart, in the user's own words. */
export interface AlterTable {
  readonly input: StatementInput;
  /** `ALTER TABLE IF EXISTS ONLY users` */
  readonly head: string;
  /** `users` */
  readonly table: string;
  /** The table's name without its schema. */
  readonly bareName: string;
  /** Undefined when the catalog does not know it. */
  readonly relation: Relation | undefined;
  readonly parts: readonly AlterTablePart[];
}

export interface AlterTablePart {
  readonly command: AlterTableCmd;
  /** First token, and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly sql: string;
}

/** Safe steps for one subcommand; undefined when it is safe as it stands, `none` when there is no safe form. */
export type PartSteps =
  | { readonly steps: readonly Step[]; readonly needsPlan?: boolean }
  | "none"
  | undefined;

/** Undefined for any other statement, and for ALTER INDEX, VIEW and the like. */
export function alterTableOf(input: StatementInput): AlterTable | undefined {
  const { node } = input.statement;
  if (!("AlterTableStmt" in node) || node.AlterTableStmt.objtype !== "OBJECT_TABLE")
    return undefined;
  const { relation: range, cmds = [] } = node.AlterTableStmt;
  if (range === undefined) return undefined;
  const { text } = input;
  const name = text.at(range.location);
  let from = name + (text.tokens[name + 1]?.text === "." ? 3 : 1);
  if (text.tokens[from]?.text === "*") from++;
  const head = text.slice(0, from);
  const parts: AlterTablePart[] = [];
  for (const cmd of cmds) {
    if (!("AlterTableCmd" in cmd)) return undefined;
    const to = text.endOfItem(from);
    parts.push({ command: cmd.AlterTableCmd, from, to, sql: text.slice(from, to) });
    from = to + 1;
  }
  const bareName = range.relname ?? "";
  return {
    input,
    head,
    table: text.nameAt(range.location),
    bareName,
    relation: findRelation(
      input.world,
      { schema: range.schemaname, name: bareName },
      searchPathOf(input.session),
    ),
    parts,
  };
}

const kinds: Readonly<Partial<Record<string, WorldConstraint["kind"]>>> = {
  CONSTR_CHECK: "check",
  CONSTR_FOREIGN: "foreign-key",
  CONSTR_NOTNULL: "not-null",
  CONSTR_PRIMARY: "primary-key",
  CONSTR_UNIQUE: "unique",
};

/** The name of a constraint: as given, or as Postgres chose it; undefined when that cannot be told. */
export function constraintName(alter: AlterTable, constraint: Constraint): string | undefined {
  if (constraint.conname !== undefined) return constraint.conname;
  const { relation, input } = alter;
  if (relation === undefined) return undefined;
  const before = new Set(relation.constraints.map(({ name }) => name));
  const given = new Set(givenNames(alter));
  const made = (byId(input.after, relation.id)?.constraints ?? []).filter(
    ({ name, kind }) =>
      kind === kinds[constraint.contype ?? ""] && !before.has(name) && !given.has(name),
  );
  return made.length === 1 ? made[0]!.name : undefined;
}

function givenNames(alter: AlterTable): readonly string[] {
  return alter.parts.flatMap(({ command: { def } }) => {
    if (def === undefined) return [];
    const constraints =
      "ColumnDef" in def ? (def.ColumnDef.constraints ?? []) : "Constraint" in def ? [def] : [];
    return constraints.flatMap((node) =>
      "Constraint" in node && node.Constraint.conname !== undefined
        ? [node.Constraint.conname]
        : [],
    );
  });
}
