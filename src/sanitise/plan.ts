import type { CloneTable, Structure } from "../clone/index.ts";
import type { FillableColumn } from "../effects/index.ts";
import { namePart, parseSql, type QualifiedName } from "../sql/index.ts";
import { baseOf, choose, type Choice, type ChosenMask } from "./choose.ts";
import { columnId, linkedColumns, type ColumnId, type LinkedColumns } from "./linked.ts";
import { textTypes } from "./masks.ts";
import {
  RuleBook,
  type ChosenRule,
  type MaskRule,
  type MaskRules,
  type NamedColumn,
} from "./rules.ts";
import type { SourceColumn, SourceTable } from "./source.ts";

/** One table that is copied, and how. */
export interface TableCopy {
  readonly table: CloneTable;
  /** As SQL, what takes the rows: of a partition the whole table, for a masked row may belong to another one. */
  readonly into: string;
  /** In the order in which they are copied. */
  readonly columns: ReadonlyMap<string, ChosenMask>;
}

export interface CopyPlan {
  readonly tables: readonly TableCopy[];
  /** What is in the source and not copied, or not in the source, each with the reason. */
  readonly leftOut: readonly string[];
  /** Why nothing is copied. */
  readonly problems: readonly string[];
}

interface Place {
  readonly table: CloneTable;
  readonly column: FillableColumn;
  readonly source: SourceColumn;
  readonly rows: number;
  readonly named: NamedColumn;
}

/** Decides for each column of the clone how its values come, or says why that cannot be. Reads no row. */
export async function planCopy(
  structure: Structure,
  source: ReadonlyMap<QualifiedName, SourceTable>,
  rules: MaskRules,
  { isStandby }: { readonly isStandby: boolean },
): Promise<CopyPlan> {
  const problems = await wrongExpressions(rules);
  const leftOut: string[] = [];
  const book = new RuleBook(rules);
  const places = new Map<ColumnId, Place>();
  const tables = structure.tables.filter((table) => {
    const own = source.get(table.name);
    if (own === undefined) {
      leftOut.push(`${table.name} is not in the source: it has what the migrations inserted`);
      return false;
    }
    if (own.isUnlogged && isStandby) {
      leftOut.push(`${table.name} is unlogged: a standby does not have its rows`);
      return false;
    }
    for (const column of table.columns) {
      const found = own.columns.find(({ name }) => name === column.name);
      if (found === undefined) {
        leftOut.push(`${shown(table, column.name)} is not in the source: it has its default`);
        continue;
      }
      places.set(columnId(table.oid, column.name), {
        table,
        column,
        source: found,
        rows: own.rows,
        named: namedOf(structure, table, column),
      });
    }
    const names = new Set(table.columns.map(({ name }) => name));
    for (const { name, isComputed } of own.columns)
      if (!names.has(name) && !isComputed)
        leftOut.push(`${shown(table, name)} is in the source and no applied migration makes it`);
    return true;
  });
  const taken = new Set(structure.tables.map(({ name }) => name));
  for (const { name } of structure.relations.values())
    if (source.has(name) && !taken.has(name))
      leftOut.push(`${name} has a rule for INSERT, or is an extension's own`);
  const linked = linkedColumns(structure);
  const ruleOf = new Map<ColumnId, ChosenRule | undefined>();
  for (const [id, { named }] of places) ruleOf.set(id, book.ruleFor(named));
  problems.push(...book.unused([...places.values()].map(({ named }) => named)));
  const copies = tables.map((table): TableCopy => {
    const columns = new Map<string, ChosenMask>();
    for (const { name } of table.columns) {
      const id = columnId(table.oid, name);
      const place = places.get(id);
      if (place === undefined) continue;
      const choice = decide(id, linked.get(id)!, places, ruleOf);
      if (typeof choice === "string") problems.push(`${shown(table, name)}: ${choice}`);
      else columns.set(name, choice);
    }
    const whole = structure.relations.get(table.partOf.at(-1) ?? 0);
    return { table, into: whole?.sql ?? table.sql, columns };
  });
  return { tables: copies, leftOut, problems };
}

/** `schema.table.column`, as rules name it. */
export function shown({ name }: Pick<CloneTable, "name">, column: string): string {
  return `${name}.${namePart(column)}`;
}

function namedOf({ relations }: Structure, table: CloneTable, column: FillableColumn): NamedColumn {
  const types: string[] = [];
  for (let type = column.type; ; type = type.inner!) {
    types.push(type.name);
    if (type.kind !== "domain") break;
  }
  const wholes = table.partOf.flatMap((oid) => relations.get(oid)?.name ?? []);
  return { tables: [table.name, ...wholes], column: column.name, types };
}

function decide(
  id: ColumnId,
  { members, referring }: LinkedColumns,
  places: ReadonlyMap<ColumnId, Place>,
  ruleOf: ReadonlyMap<ColumnId, ChosenRule | undefined>,
): Choice {
  const { column, source } = places.get(id)!;
  const present = members.filter((member) => places.has(member));
  const keys = present.filter((member) => !referring.has(member));
  const roots = keys.length === 0 ? present : keys;
  const [first, ...others] = roots.map((root) => ruleOf.get(root));
  const text = (rule: ChosenRule | undefined) => JSON.stringify(rule?.rule);
  if (others.some((other) => text(other) !== text(first)))
    return `it has the values of ${namesOf(roots, places)}, which have different rules`;
  const own = ruleOf.get(id);
  const isOwn = own !== undefined && text(own) !== text(first);
  // A reference may be left out alone; whatever else is done to it has to be done to what it refers to.
  if (isOwn && own.rule !== "null")
    return `it refers to ${namesOf(roots, places)}: give that the same rule, or null`;
  if (!source.isReadable && isRead((isOwn ? own : first)?.rule))
    return "the role may not read it; GRANT SELECT, or give it the rule null";
  if (source.type !== column.type.sql)
    return `it is ${source.type} in the source and ${column.type.sql} after the applied migrations: lockstep baseline tells what differs`;
  const bases = present.map((member) => baseOf(places.get(member)!.column.type));
  const limits = bases.flatMap(({ name, modifier }) =>
    textTypes.has(name) && modifier > 4 ? [modifier - 4] : [],
  );
  const isKey = (member: ColumnId) => {
    const place = places.get(member)!;
    return place.table.uniques.some(({ columns }) => columns.includes(place.column.name));
  };
  return choose({
    column,
    source: {
      ...source,
      isDeterministic: present.every((member) => places.get(member)!.source.isDeterministic),
    },
    rule: isOwn ? own : first,
    isNumbered: roots.every((root) => places.get(root)!.source.isNumbered),
    isUnique: referring.size > 0 || present.some(isKey),
    isLinked: referring.size > 0,
    limit: limits.length === 0 ? undefined : Math.min(...limits),
    foldsCase: bases.some(({ name }) => name === "citext"),
    linkedTypes: new Set(bases.map(({ name }) => name)),
    rows: Math.max(...present.map((member) => places.get(member)!.rows)),
  });
}

function isRead(rule: MaskRule | undefined): boolean {
  return rule !== "null" && !(typeof rule === "object" && "value" in rule);
}

function namesOf(ids: readonly ColumnId[], places: ReadonlyMap<ColumnId, Place>): string {
  return ids
    .map((id) => {
      const { table, column } = places.get(id)!;
      return shown(table, column.name);
    })
    .join(", ");
}

/** Expressions of rules that are not one expression. */
async function wrongExpressions({ columns = {}, types = {} }: MaskRules): Promise<string[]> {
  const problems: string[] = [];
  for (const [key, rule] of [...Object.entries(columns), ...Object.entries(types)]) {
    if (typeof rule !== "object" || !("sql" in rule)) continue;
    if (!(await isExpression(rule.sql)))
      problems.push(`sanitise, ${key}: ${rule.sql} is not an expression of SQL`);
  }
  return problems;
}

async function isExpression(sql: string): Promise<boolean> {
  try {
    const [statement, ...others] = await parseSql(`SELECT (${sql}\n)`, "sanitise");
    const { SelectStmt: select } = (statement?.node ?? {}) as {
      SelectStmt?: Readonly<Record<string, unknown>>;
    };
    const known = new Set(["targetList", "limitOption", "op"]);
    const targets = select?.["targetList"];
    return (
      others.length === 0 &&
      select !== undefined &&
      Object.keys(select).every((key) => known.has(key)) &&
      Array.isArray(targets) &&
      targets.length === 1
    );
  } catch {
    return false;
  }
}
