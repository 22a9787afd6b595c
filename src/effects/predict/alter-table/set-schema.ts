import type { Effect } from "../../effect.ts";
import { qualifiedName } from "../../../sql/index.ts";
import type { Relation } from "../../world/index.ts";
import { findType, indexesOf, sequencesOf } from "../../world/index.ts";
import { rangeName } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import type { PredictInput } from "../input.ts";
import { listName, target } from "../names.ts";
import { isRoutine, refuseMissingRoutine } from "./routines.ts";
import { startDraft } from "./plan.ts";

/** ALTER … SET SCHEMA of any object (tablecmds.c, AlterTableNamespace; alter.c). */
export function predictSetSchema(input: PredictInput): Effect {
  const draft = startDraft(input);
  const { node } = input.statement;
  if (!("AlterObjectSchemaStmt" in node)) return draft.effect();
  const {
    objectType,
    relation: range,
    object,
    newschema = "",
    missing_ok: missingOk,
  } = node.AlterObjectSchemaStmt;
  if (range !== undefined) {
    const relation = missingOk === true ? draft.find(rangeName(range)) : target(draft, range);
    if (relation === undefined) return draft.effect();
    refuseKind(draft, relation, objectType);
    moveRelation(draft, relation, newschema);
  } else if (objectType === "OBJECT_TYPE" || objectType === "OBJECT_DOMAIN") {
    const name = listName(object);
    const found = findType(draft.world, name, draft.searchPath) ?? draft.find(name);
    if (found === undefined) draft.missing(`type "${name.name}"`, "42704");
  } else if (isRoutine(objectType)) refuseMissingRoutine(draft, object);
  if (!draft.world.schemas.has(newschema) && !newschema.startsWith("pg_"))
    draft.missing(`schema "${newschema}"`, "3F000");
  return draft.effect();
}

const kinds: Readonly<Record<string, Relation["kind"]>> = {
  OBJECT_VIEW: "view",
  OBJECT_MATVIEW: "materialized view",
  OBJECT_SEQUENCE: "sequence",
  OBJECT_FOREIGN_TABLE: "foreign table",
};

function refuseKind(draft: EffectDraft, { name, kind }: Relation, objectType = ""): void {
  const wanted = kinds[objectType];
  if (wanted !== undefined && wanted !== kind)
    draft.fail("always", "42809", `"${name}" is not a ${wanted}`);
}

/** Indexes go along without a lock of their own; owned sequences are locked. */
function moveRelation(draft: EffectDraft, relation: Relation, schema: string): void {
  const { world } = draft;
  draft.lock(relation, "AccessExclusive");
  if (relation.index !== undefined) {
    draft.fail("always", "42809", `cannot change schema of index "${relation.name}"`);
    return;
  }
  if (relation.kind === "sequence" && relation.ownedBy !== undefined) {
    draft.fail("always", "0A000", "cannot move an owned sequence into another schema");
    return;
  }
  const sequences = sequencesOf(world, relation.id);
  for (const sequence of sequences) draft.lock(sequence, "AccessExclusive", "sequence");
  if (relation.schema === schema) return;
  for (const { name } of [relation, ...sequences, ...indexesOf(world, relation.id)])
    if (world.relations.has(qualifiedName(schema, name)))
      draft.fail("always", "42P07", `relation "${name}" already exists in schema "${schema}"`);
}
