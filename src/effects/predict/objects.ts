import type { CommentStmt, LockStmt, SecLabelStmt } from "@pgsql/types";
import type { RelationKind, RelationRole } from "../effect.ts";
import { lockModes, type LockMode } from "../lock-modes.ts";
import { byId, childrenOf, type ObjectId, type Relation } from "../world/index.ts";
import { dottedName, strings } from "../world/nodes.ts";
import type { EffectDraft } from "./draft.ts";
import { listName, named, target } from "./names.ts";

/** Columns that the catalog here does not list. */
function hiddenColumns({ kind }: Relation): readonly string[] {
  return kind === "sequence" ? ["last_value", "log_cnt", "is_called"] : [];
}

/** Kinds of relations that each object type is for (objectaddress.c, get_relation_by_qualified_name). */
const commented: Readonly<
  Record<string, { readonly kinds: readonly RelationKind[]; readonly word: string }>
> = {
  OBJECT_TABLE: { kinds: ["table", "partitioned table"], word: "a table" },
  OBJECT_VIEW: { kinds: ["view"], word: "a view" },
  OBJECT_MATVIEW: { kinds: ["materialized view"], word: "a materialized view" },
  OBJECT_INDEX: { kinds: ["index", "partitioned index"], word: "an index" },
  OBJECT_SEQUENCE: { kinds: ["sequence"], word: "a sequence" },
  OBJECT_FOREIGN_TABLE: { kinds: ["foreign table"], word: "a foreign table" },
};

const members = {
  OBJECT_TABCONSTRAINT: "constraints",
  OBJECT_TRIGGER: "triggers",
  OBJECT_RULE: "rules",
  OBJECT_POLICY: "policies",
} as const;

/** COMMENT: ShareUpdateExclusive on a relation, AccessShare on the table of a constraint and the like (objectaddress.c). */
export function predictComment(draft: EffectDraft, statement: CommentStmt | SecLabelStmt): void {
  const { object } = statement;
  const objectType: string = statement.objtype ?? "";
  switch (objectType) {
    case "OBJECT_TABLE":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
    case "OBJECT_INDEX":
    case "OBJECT_SEQUENCE":
    case "OBJECT_FOREIGN_TABLE": {
      const relation = named(draft, listName(object));
      if (relation === undefined) return;
      draft.lock(relation, "ShareUpdateExclusive");
      const { kinds, word } = commented[objectType]!;
      if (!kinds.includes(relation.kind))
        draft.fail("always", "42809", `"${relation.name}" is not ${word}`);
      return;
    }
    case "OBJECT_COLUMN": {
      const parts = object !== undefined && "List" in object ? strings(object.List.items) : [];
      const relation = named(draft, dottedName(parts.slice(0, -1)));
      if (relation === undefined) return;
      const column = parts.at(-1) ?? "";
      if (
        ![...relation.columns.map(({ name }) => name), ...hiddenColumns(relation)].includes(column)
      )
        draft.missing(`column "${column}" of relation "${relation.name}"`, "42703");
      draft.lock(relation, "ShareUpdateExclusive");
      return;
    }
    case "OBJECT_TABCONSTRAINT":
    case "OBJECT_TRIGGER":
    case "OBJECT_RULE":
    case "OBJECT_POLICY": {
      const parts = object !== undefined && "List" in object ? strings(object.List.items) : [];
      const relation = named(draft, dottedName(parts.slice(0, -1)));
      if (relation === undefined) return;
      if (relation.index !== undefined || relation.kind === "composite type") {
        draft.fail("always", "42809", `cannot open relation "${relation.name}"`);
        return;
      }
      draft.lock(relation, "AccessShare");
      const member = parts.at(-1) ?? "";
      const list: readonly { readonly name: string }[] = relation[members[objectType]];
      if (!list.some(({ name }) => name === member))
        draft.missing(`"${member}" for table "${relation.name}"`, "42704");
      return;
    }
    default:
  }
}

export function predictSecurityLabel(draft: EffectDraft, statement: SecLabelStmt): void {
  draft.unknown("whether a provider of security labels is loaded is not known: without, it fails");
  predictComment(draft, statement);
}

/** LOCK TABLE: the mode given, also on children and partitions unless ONLY, and through views (lockcmds.c). */
export function predictLock(draft: EffectDraft, statement: LockStmt): void {
  if (!draft.session.inTransaction)
    draft.fail("always", "25P01", "LOCK TABLE can only be used in transaction blocks");
  const mode = lockModes[(statement.mode ?? lockModes.length) - 1] ?? "AccessExclusive";
  for (const node of statement.relations ?? []) {
    if (!("RangeVar" in node)) continue;
    const relation = target(draft, node.RangeVar);
    if (relation === undefined) continue;
    if (["table", "partitioned table", "foreign table", "view"].includes(relation.kind))
      lockTree(draft, relation, mode, node.RangeVar.inh === true, "self");
    else draft.fail("always", "42809", `cannot lock relation "${relation.name}"`);
  }
}

/** A view may read itself in the end: each is gone through once (lockcmds.c, LockViewRecurse). */
function lockTree(
  draft: EffectDraft,
  relation: Relation,
  mode: LockMode,
  recurse: boolean,
  role: RelationRole,
  within: ReadonlySet<ObjectId> = new Set(),
): void {
  if (within.has(relation.id)) return;
  draft.lock(relation, mode, role);
  const inside = new Set([...within, relation.id]);
  for (const { relation: id } of relation.kind === "view" ? (relation.view?.reads ?? []) : []) {
    const source = byId(draft.world, id);
    // A materialized view or a foreign table that a view reads is passed over (LockViewRecurse_walker).
    if (source !== undefined && ["table", "partitioned table", "view"].includes(source.kind))
      lockTree(draft, source, mode, true, "view-source", inside);
  }
  if (!recurse) return;
  for (const child of childrenOf(draft.world, relation.id))
    lockTree(
      draft,
      child,
      mode,
      true,
      child.partitionOf === undefined ? "child" : "partition",
      inside,
    );
}
