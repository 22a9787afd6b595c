import type { QualifiedName } from "../../sql/index.ts";
import type { Effect, Failure, RelationRole, Work } from "../effect.ts";
import { byId, foreignKeysTo, type Relation, type World } from "../world/index.ts";
import type { PredictInput } from "./input.ts";

/** What a transaction has put off to its end, as far as foreign keys go (trigger.c, AfterTriggerPendingOnRel). */
export interface PendingEvents {
  /** Tables whose changed rows may wait to be looked up, or to be looked for. */
  readonly tables: ReadonlySet<QualifiedName>;
  /** SET CONSTRAINTS … DEFERRED was said: keys that may be deferred are. */
  readonly isDeferred: boolean;
}

export const nonePending: PendingEvents = { tables: new Set(), isDeferred: false };

/** What waits after a statement with this effect. */
export function pendingAfter(
  before: PendingEvents,
  { statement: { node }, world, session }: PredictInput,
  { work }: Effect,
): PendingEvents {
  if (!session.inTransaction) return nonePending;
  if ("ConstraintsSetStmt" in node) {
    const { constraints = [], deferred = false } = node.ConstraintsSetStmt;
    if (deferred) return { ...before, isDeferred: true };
    return constraints.length === 0 ? nonePending : before;
  }
  const changed = work.flatMap((one) =>
    one.kind === "row-change" && waits(one, world, before.isDeferred) ? [one.relation] : [],
  );
  return changed.length === 0
    ? before
    : { ...before, tables: new Set([...before.tables, ...changed]) };
}

type RowChange = Extract<Work, { kind: "row-change" }>;

function waits({ relation: name, command }: RowChange, world: World, isDeferred: boolean): boolean {
  const relation = world.relations.get(name);
  if (relation === undefined) return false;
  const hasDeferred = (table: Relation, to?: Relation) =>
    table.constraints.some(
      (key) =>
        key.kind === "foreign-key" &&
        key.enforced &&
        (key.deferred || (isDeferred && key.deferrable)) &&
        (to === undefined || key.references.table === to.id),
    );
  if (command !== "delete" && hasDeferred(relation)) return true;
  if (command === "insert" || command === "copy") return false;
  return withAncestors(world, relation).some((table) =>
    foreignKeysTo(world, table.id).some((child) => hasDeferred(child, table)),
  );
}

function withAncestors(world: World, relation: Relation): readonly Relation[] {
  const parent = byId(world, relation.partitionOf?.parent ?? 0);
  return parent === undefined ? [relation] : [relation, ...withAncestors(world, parent)];
}

/** What a statement looks whether it is in use before it changes it (tablecmds.c, CheckTableNotInUse). */
const looked: ReadonlySet<RelationRole> = new Set(["self", "partition", "child"]);

const verbs: Readonly<Record<string, string>> = {
  AlterTableStmt: "ALTER TABLE",
  DropStmt: "DROP TABLE",
  TruncateStmt: "TRUNCATE",
};

/** An effect that fails too where something waits on what it changes. */
export function withPending(
  effect: Effect,
  { tables }: PendingEvents,
  { statement: { kind } }: PredictInput,
): Effect {
  const verb = verbs[kind];
  if (tables.size === 0 || verb === undefined) return effect;
  const failures = effect.locks.flatMap(({ relation, role }): Failure[] => {
    if (!looked.has(role) || !tables.has(relation)) return [];
    const message = `cannot ${verb} "${relation}" because it has pending trigger events`;
    return [{ when: "on-rows", sqlState: "55006", message, relation }];
  });
  return failures.length === 0
    ? effect
    : { ...effect, failures: [...effect.failures, ...failures] };
}
