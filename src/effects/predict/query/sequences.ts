import type { FuncCall, Node } from "@pgsql/types";
import { sequencesOf, type Relation } from "../../world/index.ts";
import { strings } from "../../world/nodes.ts";
import { sequencesNamed } from "../../world/sequence-calls.ts";
import { nameInText } from "../../plpgsql/index.ts";
import type { EffectDraft } from "../draft.ts";
import { shown } from "../names.ts";
import { literal } from "./conditions.ts";

export { isSequenceFunction } from "../../world/sequence-calls.ts";

/** `nextval`, `setval` and `currval` lock the sequence in RowExclusive (sequence.c, lock_and_open_sequence). */
export function useSequence(draft: EffectDraft, call: FuncCall): void {
  const [argument] = call.args ?? [];
  const sequence = sequenceOf(draft, argument);
  if (sequence !== undefined) draft.lock(sequence, "RowExclusive", "sequence");
}

/** A default is read when it is given: constants of type regclass must name something then. */
export function refuseMissingSequences(draft: EffectDraft, expression: Node): void {
  for (const name of sequencesNamed(expression))
    if (draft.knowsAll && draft.find(name) === undefined)
      draft.fail("always", "42P01", `relation ${shown(name)} does not exist`);
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
