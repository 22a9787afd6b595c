import type { QualifiedName } from "../sql/index.ts";
import type { RelationLock, Work } from "../effects/index.ts";
import { listWords, lockWords, strongLocks, waiting } from "./evaluate-locks.ts";
import type { Severity } from "./finding.ts";
import type { RuleContext, StatementInput } from "./rule.ts";
import { onlyWhenEmpty } from "./only-when-empty.ts";
import { sizeOf, sizeWords } from "./size-words.ts";
import { truncatedBefore } from "./truncated.ts";

/** Work that takes the longer the bigger the relations are, and the strong locks that it is done under. */
export interface BlockingWork {
  readonly relations: readonly QualifiedName[];
  readonly locks: readonly RelationLock[];
  /** `reads and writes` or `writes`. */
  readonly waiting: string;
}

/**
 * Relations that `of` names in the effect's work, each once; undefined when there are none or nothing is blocked. What
 * was truncated in the same transaction is no work.
 */
export function blockingWork(
  input: StatementInput,
  of: (work: Work) => QualifiedName | undefined,
): BlockingWork | undefined {
  const locks = strongLocks(input.effect);
  const relations = [...new Set(input.effect.work.flatMap((work) => of(work) ?? []))].filter(
    (relation) => !truncatedBefore(input, input.before, relation),
  );
  return locks.length === 0 || relations.length === 0
    ? undefined
    : { relations, locks, waiting: waiting(locks) };
}

/** Up to this size a scan or build is over before anybody notices: severity `info`. */
export const smallTable = { rows: 10_000, bytes: 8 * 1024 * 1024 } as const;

/** `info` when the exported sizes show that every relation is small. */
export function severityBySize(
  context: RuleContext,
  relations: readonly QualifiedName[],
): { readonly severity?: Severity } {
  const small = relations.every((relation) => {
    const size = sizeOf(context, relation);
    return (
      size !== undefined && size.rows <= smallTable.rows && size.totalBytes <= smallTable.bytes
    );
  });
  return small ? { severity: "info" } : {};
}

/** `It holds ACCESS EXCLUSIVE on public.users until …` with the sizes that are known. */
export function whyBlocking(
  input: StatementInput,
  { relations, locks }: BlockingWork,
  until: string,
): string {
  const sizes = relations.flatMap((relation) => {
    const words = sizeWords(input.context, relation);
    return words === undefined ? [] : [`${relation} has ${words}`];
  });
  const rest = sizes.length === 0 ? "the bigger the table, the longer" : listWords(sizes);
  const held = input.session.inTransaction ? ", and then on until its transaction ends" : "";
  const empty = onlyWhenEmpty(input, input.before, relations);
  return `it holds ${lockWords(locks)} until ${until}${held}; ${rest}${empty}`;
}
