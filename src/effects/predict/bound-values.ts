import type { PartitionBoundSpec } from "@pgsql/types";
import type { Relation } from "../world/index.ts";
import { refusedText } from "./alter-table/literals.ts";
import type { EffectDraft } from "./draft.ts";

/** Says that a constant of a partition's bound is no value of the key's type (parse_utilcmd.c, transformPartitionBoundValue). */
export function refuseBoundValues(
  draft: EffectDraft,
  { partitioning, columns }: Relation,
  { listdatums, lowerdatums, upperdatums }: PartitionBoundSpec,
): void {
  const keys = partitioning?.expressions.length === 0 ? partitioning.columns : [];
  const typeOf = (at: number) => columns.find(({ name }) => name === keys[at])?.type;
  const datums = [
    ...(listdatums ?? []).map((node) => [node, typeOf(0)] as const),
    ...[lowerdatums ?? [], upperdatums ?? []].flatMap((list) =>
      list.map((node, at) => [node, typeOf(at)] as const),
    ),
  ];
  for (const [node, type] of datums) {
    const message = type && refusedText(draft.world, node, type);
    if (message !== undefined) draft.fail("always", "22P02", message);
  }
}
