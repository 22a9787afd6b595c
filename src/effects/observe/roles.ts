import type { Statement } from "../../sql/index.ts";
import type { RelationRole } from "../effect.ts";
import { strength, type LockMode } from "../lock-modes.ts";
import type { Edge, Oid, SeenRelation } from "./relations.ts";

/** What roles are told from. */
export interface RoleInput {
  readonly statement: Statement;
  /** Relations that the statement names, with what for. */
  readonly named: ReadonlyMap<Oid, RelationRole>;
  /** How the locked relations stand to each other, before the statement and after it. */
  readonly edges: readonly Edge[];
}

const typeChanges = new Set(["AlterEnumStmt", "AlterTypeStmt", "CompositeTypeStmt"]);

/** Why a relation was locked: from the text when it is named there, else from the catalog. */
export function roleOf(relation: SeenRelation, mode: LockMode, input: RoleInput): RelationRole {
  const { statement, named, edges } = input;
  const { oid } = relation;
  const byText = named.get(oid);
  if (byText !== undefined) return byText;
  if (relation.kind === "index" || relation.kind === "partitioned index") return "index";
  if (relation.kind === "sequence") return "sequence";
  const subjects = new Set(
    [...named].flatMap(([each, role]) => (role === "self" || role === "written" ? [each] : [])),
  );
  // A foreign key takes RowShare at least; whoever only reads does not do it for the key.
  const known =
    mode === "AccessShare" ? edges.filter((edge) => edge.kind !== "foreign-key") : edges;
  const byTarget = edgeRole(oid, subjects, known);
  if (byTarget !== undefined) return byTarget;
  if (statement.kind === "AlterDomainStmt") return "domain-user";
  if (typeChanges.has(statement.kind)) return "type-user";
  const ends = new Set(known.flatMap(({ from, to }) => [from, to]));
  const byOther = edgeRole(oid, new Set([...ends].filter((each) => each !== oid)), known);
  if (byOther !== undefined) return byOther;
  if (strength(mode) < strength("RowExclusive")) return "read";
  return mode === "RowExclusive" ? "written" : "other";
}

/** How `oid` stands to one of `subjects` by an edge of the catalog. */
function edgeRole(
  oid: Oid,
  subjects: ReadonlySet<Oid>,
  edges: readonly Edge[],
): RelationRole | undefined {
  const family = (kind: Edge["kind"], up: boolean) => reaches(oid, subjects, edges, kind, up);
  if (edges.some(({ kind, from }) => kind === "default-partition" && from === oid))
    return "default-partition";
  if (family("partition", true)) return "partition";
  if (family("partition", false)) return "partition-parent";
  if (family("inherits", true)) return "child";
  if (family("inherits", false)) return "inheritance-parent";
  for (const { kind, from, to } of edges) {
    if (kind === "foreign-key" && to === oid && subjects.has(from)) return "foreign-key-parent";
    if (kind === "foreign-key" && from === oid && subjects.has(to)) return "foreign-key-child";
    if (kind === "view" && to === oid && subjects.has(from)) return "view-source";
    if (kind === "view" && from === oid && subjects.has(to)) return "dependent";
  }
  return undefined;
}

/** True when a subject is reached from `oid` along edges of one kind, upwards (to parents) or downwards. */
function reaches(
  oid: Oid,
  subjects: ReadonlySet<Oid>,
  edges: readonly Edge[],
  kind: Edge["kind"],
  up: boolean,
): boolean {
  const next = edges
    .filter((edge) => edge.kind === kind && (up ? edge.from : edge.to) === oid)
    .map((edge) => (up ? edge.to : edge.from));
  return next.some((each) => subjects.has(each) || reaches(each, subjects, edges, kind, up));
}
