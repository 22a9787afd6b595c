import {
  everybody,
  findRelation,
  findRoutines,
  relationName,
  searchPathOf,
  type Name,
  type Relation,
  type World,
} from "../effects/index.ts";
import type { RangeVar } from "@pgsql/types";
import {
  drawnSequences,
  Habits,
  isCalled,
  isDefault,
  mayUse,
  type Granted,
  type Habit,
} from "./privileges/habits.ts";
import type { CheckedStatement, FileInput, Rule, Verdict } from "./rule.ts";
import { sqlName, sqlRelation } from "./sql-names.ts";
import { partsOf } from "./subject.ts";

/** New tables, views, sequences and functions that roles may not use which use the others of the schema. */
export const privilegeGap: Rule = {
  id: "privilege-gap",
  title: "Leaves a gap in privileges",
  severity: "warning",
  kind: "hazard",
  kinds: [
    "CreateForeignTableStmt",
    "CreateFunctionStmt",
    "CreateSeqStmt",
    "CreateStmt",
    "CreateTableAsStmt",
    "ViewStmt",
  ],
  *file(input) {
    let habits: Habits | undefined;
    for (const at of input.statements) {
      const object = newObject(input, at);
      if (object === undefined) continue;
      habits ??= new Habits(input.before, input.existing);
      const verdict = verdictOn(input, at, object, habits);
      if (verdict !== undefined) yield verdict;
    }
  },
};

/** An object, with the roles that lack what they have on the others. */
interface Gap {
  readonly object: Granted;
  readonly habits: readonly Habit[];
}

function verdictOn(
  { world }: FileInput,
  at: CheckedStatement,
  object: Granted,
  known: Habits,
): Verdict | undefined {
  const sequences = isTable(object) ? drawnSequences(object, world) : [];
  const gaps = [object, ...sequences]
    .map((each) => gapOf(world, each, known))
    .filter(({ habits }) => habits.length > 0);
  const [first] = gaps;
  if (first === undefined) return undefined;
  const roles = first.habits.map(({ role }) => roleWord(role)).join(", ");
  return {
    at,
    settled: (last) => gaps.every((gap) => isClosed(gap, last)),
    message: `${sqlRelation(first.object)} is not granted to ${roles}, unlike the other ${wordOf(first.object)}s of ${first.object.schema}`,
    why: `who has no privilege on it is refused with 42501, "permission denied for ${wordOf(first.object)}" (measured on 14 and 18): the release that uses it fails at its first query, unless it runs as the owner, as it often does in tests`,
    wayOut: {
      text: "Grant what the others have in the same file, or say once what new ones get with ALTER DEFAULT PRIVILEGES.",
      code: [`${at.statement.sql};`, ...gaps.flatMap(grantsOf)].join("\n"),
    },
  };
}

function gapOf(world: World, object: Granted, known: Habits): Gap {
  const habits = known
    .of(object)
    .filter(({ role }) => !mayUse(object, role) && !isDefault(object, role, world));
  return { object, habits };
}

function isClosed({ object, habits }: Gap, last: World): boolean {
  const name = relationName(object);
  const now = "columns" in object ? last.relations.get(name) : last.routines.get(name)?.[0];
  return now === undefined || habits.every(({ role }) => mayUse(now, role));
}

/** What the statement makes that was not there before the file. */
function newObject(input: FileInput, at: CheckedStatement): Granted | undefined {
  const { node } = at.statement;
  if ("CreateStmt" in node) return newRelation(input, at, node.CreateStmt.relation);
  if ("CreateForeignTableStmt" in node)
    return newRelation(input, at, node.CreateForeignTableStmt.base?.relation);
  if ("CreateTableAsStmt" in node) return newRelation(input, at, node.CreateTableAsStmt.into?.rel);
  if ("ViewStmt" in node) return newRelation(input, at, node.ViewStmt.view);
  if ("CreateSeqStmt" in node) return newRelation(input, at, node.CreateSeqStmt.sequence);
  if (!("CreateFunctionStmt" in node)) return undefined;
  const [name = "", schema] = partsOf({
    List: { items: node.CreateFunctionStmt.funcname ?? [] },
  }).toReversed();
  const found = findRoutines(input.world, { schema, name }, searchPathOf(at.session));
  return found.find((routine) => !input.existing.has(routine.id) && isCalled(routine));
}

function newRelation(
  { world, existing }: FileInput,
  { session }: CheckedStatement,
  range: RangeVar | undefined,
): Relation | undefined {
  const name: Name = { schema: range?.schemaname, name: range?.relname ?? "" };
  const relation = findRelation(world, name, searchPathOf(session));
  const isNew = relation !== undefined && !existing.has(relation.id);
  // Privileges of a partitioned table hold for queries through it; partitions are seldom read by themselves.
  return isNew && relation.persistence !== "temporary" && relation.partitionOf === undefined
    ? relation
    : undefined;
}

function isTable(object: Granted): object is Relation {
  return "columns" in object && (object.kind === "table" || object.kind === "partitioned table");
}

function wordOf(object: Granted): string {
  if (!("columns" in object)) return object.kind;
  if (object.kind === "sequence") return "sequence";
  return object.kind === "view" || object.kind === "materialized view" ? "view" : "table";
}

function roleWord(role: string): string {
  return role === everybody ? "PUBLIC" : sqlName(role);
}

/** One GRANT for the roles that get the same. */
function grantsOf({ object, habits }: Gap): readonly string[] {
  const roles = new Map<string, string[]>();
  for (const { role, privileges } of habits) {
    const same = roles.get(privileges.join(", "));
    if (same === undefined) roles.set(privileges.join(", "), [roleWord(role)]);
    else same.push(roleWord(role));
  }
  return [...roles].map(
    ([privileges, to]) => `GRANT ${privileges} ON ${on(object)} TO ${to.join(", ")};`,
  );
}

function on(object: Granted): string {
  const name = sqlRelation(object);
  if (!("columns" in object)) return `${object.kind.toUpperCase()} ${name}`;
  return object.kind === "sequence" ? `SEQUENCE ${name}` : name;
}
