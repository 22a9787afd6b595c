import {
  findType,
  indexesOf,
  relationName,
  searchPathOf,
  type World,
  type WorldType,
} from "../effects/index.ts";
import type { QualifiedName } from "../sql/index.ts";
import { constraintsAdded } from "./added-constraints.ts";
import type { CheckedStatement, FileInput, Rule, Settled, Verdict } from "./rule.ts";
import { sqlName, sqlRelation } from "./sql-names.ts";
import { partsOf, subjectOf } from "./subject.ts";

/** Constraints and indexes that are still not valid when their file ends. */
export const leftUnvalidated: Rule = {
  id: "left-unvalidated",
  title: "Leaves a constraint or an index not valid",
  severity: "info",
  kind: "hazard",
  kinds: ["AlterDomainStmt", "AlterTableStmt", "CreateStmt", "IndexStmt"],
  *file(input) {
    // What is dropped and added again is told once, where it was added last.
    const left = new Map<string, Verdict>();
    for (const at of input.statements) {
      if (constraintsAdded(at.statement).length === 0) continue;
      for (const verdict of tableConstraints(input, at)) left.set(verdict.message, verdict);
    }
    yield* left.values();
    for (const at of input.statements) {
      const { kind } = at.statement;
      if (kind === "AlterDomainStmt") yield* domainConstraints(input.world, at);
      else if (kind === "IndexStmt") yield* emptyParentIndexes(input, at);
    }
  },
};

function* tableConstraints(input: FileInput, at: CheckedStatement): Generator<Verdict> {
  const added = constraintsAdded(at.statement);
  const { world, existing } = input;
  const table = subjectOf({ world, existing, session: at.session }, added[0]!.relation).relation;
  const notValid = table?.constraints.filter(({ valid }) => !valid) ?? [];
  if (table === undefined || notValid.length === 0) return;
  for (const { constraint } of added) {
    const left = notValid.find(({ name, kind }) =>
      constraint.conname === undefined
        ? kind === kindOf(constraint.contype)
        : name === constraint.conname,
    );
    if (left === undefined) continue;
    if (constraint.skip_validation !== true && left.enforced) continue;
    const name = `${sqlName(left.name)} of ${sqlRelation(table)}`;
    const settled = constraintSettled(relationName(table), left.name);
    yield left.enforced
      ? {
          at,
          settled,
          message: `constraint ${name} is NOT VALID, and nothing that follows validates it`,
          why: "rows that were there before are not checked: they may break it, the planner does not use it, and an UPDATE of such a row fails on a column that it does not touch",
          wayOut: {
            text: "Validate it in a transaction of its own: that reads the table but lets reads and writes go on.",
            code: `${at.statement.sql};\n\nALTER TABLE ${sqlRelation(table)} VALIDATE CONSTRAINT ${sqlName(left.name)};`,
          },
        }
      : {
          at,
          settled,
          message: `constraint ${name} is NOT ENFORCED: Postgres never checks it`,
          why: "rows that break it are written without an error, and the planner does not use it (Postgres 18)",
          wayOut: {
            text: "Add it NOT VALID instead and validate it, unless it is documentation only.",
          },
        };
  }
}

/** Valid by the end of the run, or gone. */
function constraintSettled(table: QualifiedName, constraint: string): Settled {
  return ({ relations }) =>
    relations.get(table)?.constraints.find(({ name }) => name === constraint)?.valid !== false;
}

function kindOf(contype: string | undefined): string | undefined {
  if (contype === "CONSTR_CHECK") return "check";
  if (contype === "CONSTR_FOREIGN") return "foreign-key";
  return contype === "CONSTR_NOTNULL" ? "not-null" : undefined;
}

function* domainConstraints(world: World, at: CheckedStatement): Generator<Verdict> {
  const { node } = at.statement;
  if (!("AlterDomainStmt" in node) || node.AlterDomainStmt.subtype !== "C") return;
  const { typeName = [], def } = node.AlterDomainStmt;
  const [name, schema] = typeName.flatMap(partsOf).toReversed();
  const domain = findType(world, { schema, name: name! }, searchPathOf(at.session));
  const added = def !== undefined && "Constraint" in def ? def.Constraint : undefined;
  const left = domain?.domain?.checks.find(
    (check) => !check.valid && (added?.conname === undefined || check.name === added.conname),
  );
  if (domain === undefined || left === undefined || added?.skip_validation !== true) return;
  yield {
    at,
    settled: domainSettled(domain, left.name),
    message: `constraint ${sqlName(left.name)} of domain ${sqlRelation(domain)} is NOT VALID, and nothing that follows validates it`,
    why: "values that were there before are not checked and may break it",
    wayOut: {
      text: "Validate it in a transaction of its own.",
      code: `${at.statement.sql};\n\nALTER DOMAIN ${sqlRelation(domain)} VALIDATE CONSTRAINT ${sqlName(left.name)};`,
    },
  };
}

function domainSettled({ schema, name }: WorldType, constraint: string): Settled {
  return (last) => {
    const checks = findType(last, { schema, name }, [])?.domain?.checks ?? [];
    return checks.find((check) => check.name === constraint)?.valid !== false;
  };
}

/** CREATE INDEX … ON ONLY a partitioned table, whose partitions' indexes were not all attached. */
function* emptyParentIndexes(input: FileInput, at: CheckedStatement): Generator<Verdict> {
  const { node } = at.statement;
  if (!("IndexStmt" in node) || node.IndexStmt.relation === undefined) return;
  const { relation, idxname, concurrent } = node.IndexStmt;
  const table = subjectOf(
    { world: input.world, existing: input.existing, session: at.session },
    relation,
  ).relation;
  if (table?.kind !== "partitioned table" || concurrent === true || idxname === undefined) return;
  const index = indexesOf(input.world, table.id).find(({ name }) => name === idxname);
  if (index?.index?.valid !== false) return;
  yield {
    at,
    settled: indexSettled(relationName(index)),
    message: `index ${sqlName(idxname)} of ${sqlRelation(table)} stays invalid: not every partition has an index attached to it`,
    why: "ON ONLY makes an index without contents on the parent; it becomes valid when the last partition's index is attached, and until then a unique one enforces nothing across the table",
    wayOut: {
      text: "Build an index CONCURRENTLY on each partition and attach it with ALTER INDEX … ATTACH PARTITION.",
    },
  };
}

function indexSettled(index: QualifiedName): Settled {
  return ({ relations }) => relations.get(index)?.index?.valid !== false;
}
