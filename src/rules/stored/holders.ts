import type { Node } from "@pgsql/types";
import {
  builtinFacts,
  byId,
  findRoutines,
  walk,
  type ObjectIds,
  type Relation,
  type Routine,
  type World,
} from "../../effects/index.ts";
import { loadedParser, qualifiedName } from "../../sql/index.ts";
import { programOfBody } from "../batching/program.ts";
import { sqlName, sqlRelation } from "../sql-names.ts";

/** Something that keeps what a function gave when a row was written, or trusts that it would give the same again. */
export type Holder =
  | { readonly kind: "index"; readonly table: Relation; readonly index: Relation }
  | { readonly kind: "partition-key"; readonly table: Relation }
  | { readonly kind: "generated"; readonly table: Relation; readonly column: string }
  | {
      readonly kind: "check";
      readonly table: Relation;
      readonly name: string;
      readonly expression: Node;
    }
  | {
      readonly kind: "domain";
      readonly domain: string;
      readonly name: string;
      readonly expression: Node;
    };

/**
 * What rests on a routine in a catalog, called by itself or by other functions: parts of partitioned tables and indexes are
 * left out, for their parents stand for them; so is what computes its values anew each time (virtual columns, views) or is
 * not said to hold (NOT VALID).
 *
 * @param existing ids of the tables and domains that count: those that may have rows
 */
export function holdersOf(world: World, routine: Routine, existing: ObjectIds): readonly Holder[] {
  const calls = callsOf(world, routine);
  const found: Holder[] = [];
  for (const table of world.relations.values()) {
    if (table.index !== undefined) {
      const { expressions, predicate, partOf } = table.index;
      const of = byId(world, table.index.table);
      const counts = partOf === undefined && of !== undefined && existing.has(of.id);
      if (counts && of.kind !== "materialized view" && calls([...expressions, predicate]))
        found.push({ kind: "index", table: of, index: table });
    }
    if (!existing.has(table.id) || table.persistence === "temporary") continue;
    if (calls(table.partitioning?.expressions)) found.push({ kind: "partition-key", table });
    for (const { name, generated, inherited } of table.columns)
      if (generated?.kind === "stored" && !inherited && calls(generated.expression))
        found.push({ kind: "generated", table, column: name });
    for (const one of table.constraints)
      if (
        one.kind === "check" &&
        one.valid &&
        one.enforced &&
        !one.inherited &&
        calls(one.expression)
      )
        found.push({ kind: "check", table, name: one.name, expression: one.expression });
  }
  for (const { id, schema, name: type, domain } of world.types.values())
    for (const { name, expression, valid } of (existing.has(id) && domain?.checks) || [])
      if (valid && calls(expression))
        found.push({
          kind: "domain",
          domain: sqlRelation({ schema, name: type }),
          name,
          expression,
        });
  return found;
}

/** The holder in words: `index public.users_email`. */
export function holderWords(holder: Holder): string {
  switch (holder.kind) {
    case "index":
      return `${holder.index.index!.unique ? "unique index" : "index"} ${sqlRelation(holder.index)}`;
    case "partition-key":
      return `the partition key of ${sqlRelation(holder.table)}`;
    case "generated":
      return `generated column ${sqlRelation(holder.table)}.${sqlName(holder.column)}`;
    case "check":
      return `CHECK ${sqlName(holder.name)} of ${sqlRelation(holder.table)}`;
    case "domain":
      return `CHECK ${sqlName(holder.name)} of domain ${holder.domain}`;
  }
}

/** True when the holder stands unchanged in a later catalog. */
export function isUntouched(holder: Holder, later: World): boolean {
  if (holder.kind === "domain")
    return [...later.types.values()].some(({ domain }) =>
      domain?.checks.some(({ expression }) => expression === holder.expression),
    );
  const table = byId(later, holder.table.id);
  if (table === undefined) return false;
  switch (holder.kind) {
    case "index":
      return byId(later, holder.index.id) !== undefined;
    case "partition-key":
      return true;
    case "generated": {
      const of = ({ columns }: Relation) =>
        columns.find(({ name }) => name === holder.column)?.generated?.expression;
      return of(table) === of(holder.table);
    }
    case "check":
      return table.constraints.some(
        (one) => one.kind === "check" && one.expression === holder.expression,
      );
  }
}

/** Whether expressions call the routine, by way of the bodies of other functions too. */
function callsOf(world: World, routine: Routine): (tree: unknown) => boolean {
  const asked = new Map<number, boolean>([[routine.id, true]]);
  const reaches = (other: Routine): boolean => {
    const known = asked.get(other.id);
    if (known !== undefined) return known;
    // One that calls itself finds this answer.
    asked.set(other.id, false);
    const reached = treesOf(other).some(calls);
    asked.set(other.id, reached);
    return reached;
  };
  const calls = (tree: unknown): boolean => {
    let found = false;
    walk(tree, (node) => {
      if (!found && "FuncCall" in node) found = calledBy(world, node.FuncCall).some(reaches);
    });
    return found;
  };
  return calls;
}

/**
 * The routines that a call may mean. Expressions of the catalog were written under paths that are not known any more, so
 * one without a schema may mean that of any; Postgres' own stand before them.
 */
function calledBy(
  world: World,
  { funcname = [], args = [] }: { readonly funcname?: Node[]; readonly args?: Node[] },
): readonly Routine[] {
  const [name = "", schema] = funcname
    .flatMap((part) => ("String" in part ? [part.String.sval ?? ""] : []))
    .toReversed();
  if (schema === undefined && builtinFacts(world.major).functions.has(name)) return [];
  const named =
    schema === undefined
      ? [...world.schemas].flatMap((each) => world.routines.get(qualifiedName(each, name)) ?? [])
      : findRoutines(world, { schema, name }, []);
  const exact = named.filter((one) => one.arguments.length === args.length);
  return exact.length > 0 ? exact : named.filter((one) => one.arguments.length > args.length);
}

/** What a routine's body runs, parsed; nothing for a language that cannot be read. */
export function treesOf({ language, body, sqlBody }: Routine): readonly unknown[] {
  if (sqlBody !== undefined) return [sqlBody];
  if (body === undefined) return [];
  if (language === "plpgsql") return programOfBody(body)?.trees ?? [];
  if (language !== "sql") return [];
  try {
    return loadedParser().parseSync(body).stmts ?? [];
  } catch {
    return [];
  }
}
