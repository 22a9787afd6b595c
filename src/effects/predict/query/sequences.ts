import type { FuncCall, Node } from "@pgsql/types";
import { parseLoaded } from "../../../sql/index.ts";
import { sequencesOf, type Name, type Relation } from "../../world/index.ts";
import { dottedName, strings } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import { shown } from "../names.ts";
import { literal } from "./conditions.ts";

const sequenceFunctions: ReadonlySet<string> = new Set(["nextval", "setval", "currval"]);

export function isSequenceFunction(name: string): boolean {
  return sequenceFunctions.has(name);
}

/** `nextval`, `setval` and `currval` lock the sequence in RowExclusive (sequence.c, lock_and_open_sequence). */
export function useSequence(draft: EffectDraft, call: FuncCall): void {
  const [argument] = call.args ?? [];
  const sequence = sequenceOf(draft, argument);
  if (sequence !== undefined) draft.lock(sequence, "RowExclusive", "sequence");
}

/** The sequence that an argument of type regclass means; noted as missing or unknown when it cannot be told. */
export function sequenceOf(draft: EffectDraft, argument: Node | undefined): Relation | undefined {
  const text = literal(argument);
  if (text !== undefined) {
    const name = nameInText(text);
    const found = name && draft.find(name);
    if (found === undefined)
      draft.missing(`relation ${name === undefined ? `"${text}"` : shown(name)}`, "42P01");
    return found;
  }
  const owned = ownedSequence(draft, argument);
  if (owned === undefined)
    draft.unknown("the sequence is named by an expression, which only running it can tell");
  return owned;
}

/** `pg_get_serial_sequence('table', 'column')`. */
function ownedSequence(draft: EffectDraft, node: Node | undefined): Relation | undefined {
  if (node === undefined) return undefined;
  if ("TypeCast" in node) return ownedSequence(draft, node.TypeCast.arg);
  if (!("FuncCall" in node)) return undefined;
  if (strings(node.FuncCall.funcname).at(-1) !== "pg_get_serial_sequence") return undefined;
  const [table, column] = (node.FuncCall.args ?? []).map(literal);
  const name = table === undefined ? undefined : nameInText(table);
  const relation = name && draft.find(name);
  if (relation === undefined) return undefined;
  return sequencesOf(draft.world, relation.id).find(({ ownedBy }) => ownedBy?.column === column);
}

/** A name in a string, as `regclass` reads it: folded to lower case unless quoted. */
export function nameInText(text: string): Name | undefined {
  try {
    const [statement] = parseLoaded(`TABLE ${text}`, "name");
    if (statement === undefined || !("SelectStmt" in statement.node)) return undefined;
    const [item] = statement.node.SelectStmt.fromClause ?? [];
    if (item === undefined || !("RangeVar" in item)) return undefined;
    const { schemaname, relname = "" } = item.RangeVar;
    return dottedName(schemaname === undefined ? [relname] : [schemaname, relname]);
  } catch {
    return undefined;
  }
}
