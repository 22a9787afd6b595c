import type { EffectDraft } from "./draft.ts";

/** Columns that a table may have at most (access/htup_details.h, MaxHeapAttributeNumber); those dropped count too. */
export const mostColumns = 1_600;

/** The failure of a table that would have more (catalog/heap.c, CheckAttributeNamesTypes; tablecmds.c, ATExecAddColumn). */
export function tooManyColumns(draft: EffectDraft): void {
  draft.fail("always", "54011", `tables can have at most ${mostColumns} columns`);
}
