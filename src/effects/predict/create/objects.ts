import type {
  AlterEnumStmt,
  CreateExtensionStmt,
  CreateSchemaStmt,
  CreateSeqStmt,
} from "@pgsql/types";
import { overlayWorld, findType, fold, type Name, type Relation } from "../../world/index.ts";
import { dottedName, rangeName, strings } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import { named, shown } from "../names.ts";
import { statementOf } from "../nested-statement.ts";
import { hasSchema, isTaken, placed, refuseTypeName } from "./new-name.ts";

/** CREATE SEQUENCE: with OWNED BY the table is looked at (sequence.c, process_owned_by). */
export function predictCreateSequence(draft: EffectDraft, statement: CreateSeqStmt): void {
  const name = rangeName(statement.sequence);
  if (!hasSchema(draft, name) || isTaken(draft, name, statement.if_not_exists === true)) return;
  refuseTypeName(draft, name);
  for (const node of statement.options ?? []) {
    if (!("DefElem" in node) || node.DefElem.defname !== "owned_by") continue;
    const arg = node.DefElem.arg;
    const parts = arg !== undefined && "List" in arg ? strings(arg.List.items) : [];
    if (parts.length < 2) continue;
    const table = named(draft, dottedName(parts.slice(0, -1)));
    if (table !== undefined) draft.lock(table, "AccessShare", "other");
  }
}

/** CREATE TYPE and CREATE DOMAIN: a new type touches no relation. */
export function predictCreateType(draft: EffectDraft, name: Name, isComposite = false): void {
  if (!hasSchema(draft, name)) return;
  const wanted = placed(draft, name);
  if (findType(draft.world, wanted) !== undefined)
    draft.fail("always", "42710", `type "${name.name}" already exists`);
  else if (isComposite && draft.find(wanted) !== undefined)
    draft.fail("always", "42P07", `relation "${name.name}" already exists`);
  else if (hasRowType(draft.find(wanted)))
    draft.fail("always", "42710", `a relation has the row type "${name.name}" already`);
}

/** Relations with columns have a type of their rows; indexes and sequences have none (heap.c, heap_create_with_catalog). */
function hasRowType(relation: Relation | undefined): boolean {
  return relation !== undefined && relation.index === undefined && relation.kind !== "sequence";
}

/** ALTER TYPE … ADD VALUE and RENAME VALUE: a lock on the type, none on tables (typecmds.c, AlterEnum). */
export function predictAlterEnum(draft: EffectDraft, statement: AlterEnumStmt): void {
  const name = dottedName(strings(statement.typeName));
  const type = findType(draft.world, name, draft.searchPath);
  if (type === undefined) {
    draft.missing(`type ${shown(name)}`, "42704");
    return;
  }
  if (type.kind !== "enum") {
    draft.fail("always", "42809", `${type.name} is not an enum`);
    return;
  }
  const { newVal = "", oldVal, newValNeighbor, skipIfNewValExists } = statement;
  const has = (label: string) => type.labels.includes(label);
  if (oldVal !== undefined && !has(oldVal))
    draft.fail("always", "22023", `"${oldVal}" is not an existing enum label`);
  if (newValNeighbor !== undefined && newValNeighbor !== "" && !has(newValNeighbor))
    draft.fail("always", "22023", `"${newValNeighbor}" is not an existing enum label`);
  if (has(newVal) && (oldVal !== undefined || skipIfNewValExists !== true))
    draft.fail("always", "42710", `enum label "${newVal}" already exists`);
}

/** CREATE EXTENSION: what it makes is new. */
export function predictCreateExtension(draft: EffectDraft, statement: CreateExtensionStmt): void {
  const { extname = "", if_not_exists: mayExist } = statement;
  if (draft.world.extensions.has(extname) && mayExist !== true)
    draft.fail("always", "42710", `extension "${extname}" already exists`);
}

/** CREATE SCHEMA, with the statements inside it. */
export function predictCreateSchema(draft: EffectDraft, statement: CreateSchemaStmt): void {
  const name = statement.schemaname ?? statement.authrole?.rolename;
  if (name !== undefined && draft.world.schemas.has(name)) {
    if (statement.if_not_exists !== true)
      draft.fail("always", "42P06", `schema "${name}" already exists`);
    return;
  }
  const world = overlayWorld(draft.world);
  // What stands in the statement is no command of its own.
  world.eventTriggers = new Map();
  fold({ node: { CreateSchemaStmt: { ...statement, schemaElts: [] } } }, world);
  const session = { searchPath: [...(name === undefined ? [] : [name]), ...draft.searchPath] };
  for (const node of statement.schemaElts ?? []) {
    draft.add(draft.part(world).predict(statementOf(node)));
    fold({ node }, world, session);
  }
}
