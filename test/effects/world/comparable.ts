import {
  byId,
  relationName,
  type Grant,
  type Privileges,
  type Relation,
  type RelationUse,
  type Trigger,
  type TypeUse,
  type World,
  type WorldColumn,
  type WorldConstraint,
} from "../../../src/effects/world/index.ts";

/** A world as lines of text by object, names in place of ids: equal worlds give equal lines. */
export function comparable(world: World): ReadonlyMap<string, readonly string[]> {
  const objects = new Map<string, readonly string[]>();
  objects.set("schemas", [...world.schemas].filter((schema) => schema !== "pg_temp").sort());
  objects.set("schema privileges", [...world.schemaPrivileges].map(describePrivileges).sort());
  objects.set(
    "default privileges",
    world.defaultPrivileges
      .map(({ owner, schema, objects: kind, grants }) =>
        describePrivileges([`${schema ?? "everywhere"} ${kind}`, { owner, grants }]),
      )
      .sort(),
  );
  objects.set("server", describeServer(world));
  objects.set("foreign servers", [...world.foreignServers].map((each) => each.join(" of ")).sort());
  objects.set(
    "publications",
    [...world.publications]
      .map(
        ([name, { allTables, schemas }]) => `${name} ${allTables} ${[...schemas].sort().join(" ")}`,
      )
      .sort(),
  );
  objects.set(
    "event triggers",
    [...world.eventTriggers.values()]
      .map(({ name, event, tags, routine, enabled }) => {
        const own = [...world.routines.values()].flat().find(({ id }) => id === routine);
        const calls = own === undefined ? "?" : relationName(own);
        return `${name} ${event} ${[...tags].sort().join(",")} ${calls} ${enabled}`;
      })
      .sort(),
  );
  objects.set("operator classes", [...world.operatorClasses].sort());
  objects.set("nondeterministic collations", [...world.nondeterministicCollations].sort());
  for (const [name, relation] of world.relations)
    objects.set(name, describeRelation(world, relation));
  for (const [name, type] of world.types)
    objects.set(`type ${name}`, [
      type.kind,
      ...type.labels,
      ...(type.domain === undefined
        ? []
        : [
            typeText(type.domain.base),
            type.domain.notNull ? "not null" : "null",
            ...type.domain.checks.map((check) => `check ${check.name} ${check.valid}`).sort(),
          ]),
    ]);
  for (const [name, routines] of world.routines)
    objects.set(
      `routine ${name}`,
      routines
        .map((routine) =>
          [
            routine.kind,
            routine.arguments.map(typeText).join(","),
            routine.kind === "aggregate" ? "" : routine.volatility,
            routine.language,
            routine.strict,
            routine.securityDefiner,
            routine.hasSettings,
            routine.returns === undefined || routine.kind === "aggregate"
              ? ""
              : typeText(routine.returns),
            routine.returnsSet,
            routine.owner ?? "",
            describeGrants(routine.grants),
          ].join(" "),
        )
        .sort(),
    );
  return objects;
}

function describeRelation(world: World, relation: Relation): readonly string[] {
  const name = (id: number | undefined) => {
    const found = id === undefined ? undefined : byId(world, id);
    return found === undefined ? "?" : relationName(found);
  };
  const { index, view, partitioning, partitionOf } = relation;
  const table = ["table", "partitioned table", "foreign table"].includes(relation.kind);
  return [
    `kind ${relation.kind} ${relation.persistence}`,
    ...relation.columns.map((column) => describeColumn(column)),
    ...relation.constraints.map((constraint) => describeConstraint(constraint, name)).sort(),
    `inherits ${relation.inherits.map(name).join(" ")}`,
    partitioning === undefined
      ? ""
      : `partition by ${partitioning.strategy} ${partitioning.columns.join(",")} ${partitioning.expressions.length}`,
    partitionOf === undefined
      ? ""
      : `partition of ${name(partitionOf.parent)} ${partitionOf.isDefault}`,
    index === undefined
      ? ""
      : [
          `index on ${name(index.table)} ${index.method}`,
          index.columns.map((column) => column ?? "()").join(","),
          index.options
            .map(({ operatorClass = "", collation = "", descending, nullsFirst }, at) =>
              // What an expression's own collation is takes Postgres to tell.
              [
                operatorClass,
                index.columns[at] === undefined ? "" : collation,
                descending,
                nullsFirst,
              ].join("/"),
            )
            .join(","),
          `include ${index.include.join(",")} nulls ${index.nullsNotDistinct}`,
          `expressions ${index.expressions.length} predicate ${index.predicate !== undefined}`,
          `unique ${index.unique} valid ${index.valid} constraint ${index.constraint ?? ""}`,
          `clustered ${index.clustered}`,
          `part of ${index.partOf === undefined ? "" : name(index.partOf)}`,
        ].join(" "),
    relation.ownedBy === undefined
      ? ""
      : `owned by ${name(relation.ownedBy.table)} ${relation.ownedBy.column}`,
    `sequence ${relation.sequenceType ?? ""}`,
    ...(view === undefined
      ? []
      : [
          `populated ${view.populated}`,
          ...view.reads
            .map((read) => `reads ${name(read.relation)} ${[...read.columns].sort().join(",")}`)
            .sort(),
        ]),
    `row security ${relation.rowSecurity}`,
    ...relation.triggers.map((trigger) => describeTrigger(trigger, name)).sort(),
    ...relation.rules
      .map(
        (rule) =>
          `rule ${rule.name} ${rule.event} ${rule.instead} ${rule.nothing} ${rule.enabled} uses ${describeUses(rule.uses, name)}`,
      )
      .sort(),
    ...relation.policies
      .map(
        (policy) =>
          `policy ${policy.name} ${policy.using !== undefined} ${policy.check !== undefined} uses ${describeUses(policy.uses, name)}`,
      )
      .sort(),
    ...relation.publications
      .map(
        ({ publication, columns, filter }) =>
          `in ${publication} ${columns === undefined ? "all" : [...columns].sort().join(",")} ${filter === undefined ? "whole" : [...filter].sort().join(",")}`,
      )
      .sort(),
    relation.foreignServer === undefined ? "" : `server ${relation.foreignServer}`,
    relation.ofType === undefined ? "" : `of ${name(relation.ofType)}`,
    `owner ${relation.owner ?? ""} ${describeGrants(relation.grants)}`,
    `statistics ${relation.statistics
      .map(
        ({ name: own, keys, expressions }) =>
          `${own} (${[...keys].sort().join(",")}) ${expressions.length}`,
      )
      .sort()
      .join(" ")}`,
    ...(table
      ? [
          `replica identity ${JSON.stringify(relation.replicaIdentity)}`,
          `access method ${relation.accessMethod ?? ""}`,
        ]
      : []),
  ].filter((line) => line !== "");
}

function describeTrigger(trigger: Trigger, name: (id: number | undefined) => string): string {
  return [
    `trigger ${trigger.name} ${trigger.enabled} ${trigger.routine} ${trigger.forEachRow}`,
    `${trigger.timing} ${trigger.events.join(",")} of ${[...trigger.updateOf].sort().join(",")}`,
    `when ${[...trigger.when].sort().join(",")} constraint ${trigger.isConstraint}`,
    `from ${trigger.from === undefined ? "" : name(trigger.from)} inherited ${trigger.inherited}`,
  ].join(" ");
}

function describeUses(
  uses: readonly RelationUse[],
  name: (id: number | undefined) => string,
): string {
  return uses
    .map(({ relation, columns }) => `${name(relation)}(${[...columns].sort().join(",")})`)
    .sort()
    .join(" ");
}

function describeGrants(grants: readonly Grant[]): string {
  return grants
    .map(({ grantee, privileges }) => `${grantee}=${privileges.join(",")}`)
    .sort()
    .join(" ");
}

function describePrivileges([name, { owner, grants }]: readonly [string, Privileges]): string {
  return `${name} ${owner ?? ""} ${describeGrants(grants)}`;
}

function describeServer({ server }: World): readonly string[] {
  if (server === undefined) return [];
  const { role, roles, tablespaces, accessMethods } = server;
  return [role, ...[roles, tablespaces, accessMethods].map((names) => [...names].sort().join(" "))];
}

export function typeText(type: TypeUse): string {
  const modifiers = type.modifiers.length === 0 ? "" : `(${type.modifiers.join(",")})`;
  return `${type.schema ?? "?"}.${type.name}${modifiers}${type.array ? "[]" : ""}`;
}

/** A column; its type is left open where the folded world says that it does not know it. */
function describeColumn(column: WorldColumn): string {
  return [
    `column ${column.name}`,
    column.typeKnown ? typeText(column.type) : unknownType,
    column.collation ?? "",
    column.notNull ? "not null" : "null",
    column.default === undefined ? "" : "default",
    column.identity ?? "",
    column.generated?.kind ?? "",
    column.inherited ? "inherited" : "",
    column.local ? "local" : "",
    describeGrants(column.grants),
  ].join("|");
}

export const unknownType = "?";

function describeConstraint(
  constraint: WorldConstraint,
  name: (id: number | undefined) => string,
): string {
  const flags = [
    constraint.valid ? "valid" : "not valid",
    constraint.enforced ? "" : "not enforced",
    constraint.deferrable ? "deferrable" : "",
    constraint.noInherit ? "no inherit" : "",
    constraint.inherited ? "inherited" : "",
    constraint.local ? "local" : "",
  ].join("|");
  const start = `constraint ${constraint.name} ${constraint.kind} ${flags}`;
  switch (constraint.kind) {
    case "check":
      return start;
    case "not-null":
      return `${start} ${constraint.column}`;
    case "foreign-key":
      return `${start} ${constraint.columns.join(",")} -> ${name(constraint.references.table)} ${constraint.references.columns.join(",")} ${constraint.onDelete}(${[...constraint.onDeleteColumns].sort().join(",")}) ${constraint.onUpdate}${constraint.deferred ? " deferred" : ""}`;
    case "primary-key":
    case "unique":
    case "exclusion":
      return `${start} ${constraint.columns.join(",")} ${name(constraint.index)}`;
  }
}

/** Lines that differ, each with the object it is about: `-` in `expected` only, `+` in `actual` only. */
export function differences(expected: World, actual: World): readonly string[] {
  const wanted = comparable(expected);
  const found = comparable(actual);
  const lines: string[] = [];
  for (const name of new Set([...wanted.keys(), ...found.keys()])) {
    const left = wanted.get(name);
    const right = found.get(name);
    if (left === undefined || right === undefined)
      lines.push(`${right === undefined ? "-" : "+"} ${name}`);
    else
      for (const difference of lineDifferences(left, right)) lines.push(`${name}: ${difference}`);
  }
  return lines;
}

function lineDifferences(left: readonly string[], right: readonly string[]): readonly string[] {
  const open = right.filter((line) => line.includes(`|${unknownType}|`));
  const isOpen = (line: string) => open.some((other) => sameButType(line, other));
  return [
    ...left.filter((line) => !right.includes(line) && !isOpen(line)).map((line) => `- ${line}`),
    ...right
      .filter((line) => !left.includes(line) && !left.some((other) => sameButType(other, line)))
      .map((line) => `+ ${line}`),
  ];
}

/** True for two lines of one column when the second leaves its type, and with it its collation, open. */
function sameButType(line: string, open: string): boolean {
  const a = line.split("|");
  const b = open.split("|");
  if (b[1] !== unknownType || a.length !== b.length) return false;
  return a.every((part, index) => index === 1 || index === 2 || part === b[index]);
}
