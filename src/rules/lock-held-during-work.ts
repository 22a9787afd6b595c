import { blocksReads, type HeldLock, type Work } from "../effects/index.ts";
import { cannotSucceed, isStrong, listWords, lockWords, withoutParts } from "./evaluate-locks.ts";
import { severityBySize } from "./evaluate-work.ts";
import { addsRequiredColumn } from "./fails-on-rows.ts";
import { ownTransaction } from "./fix-steps.ts";
import { onlyWhenEmpty } from "./only-when-empty.ts";
import { changeOf } from "./batching/change.ts";
import { reachOf } from "./batching/reach.ts";
import { subjectOf } from "./subject.ts";
import { truncatedBefore } from "./truncated.ts";
import type { CheckedStatement, FileInput, Rule, Verdict } from "./rule.ts";

export const lockHeldDuringWork: Rule = {
  id: "lock-held-during-work",
  title: "Holds a strong lock while it does long work",
  severity: "error",
  kind: "hazard",
  *file(input): Iterable<Verdict> {
    const said = new Set<string>();
    for (const checked of input.statements) {
      const { effect, session } = checked;
      if (session.held.length === 0) continue;
      const work = longWork(input, checked);
      if (work.length === 0 || cannotSucceed(effect, session.inTransaction)) continue;
      const held = heldMeanwhile(checked);
      const fresh = held.filter((lock) => !said.has(keyOf(session.transaction, lock)));
      if (fresh.length === 0) continue;
      for (const lock of fresh) said.add(keyOf(session.transaction, lock));
      const relations = [...new Set(work.map(({ relation }) => relation))];
      yield {
        at: checked,
        ...severityBySize(input.context, relations),
        message: `${workWords(work)} while ${waitingFor(held)} wait`,
        why: `since ${placesOf(held, checked.file)} the transaction holds ${lockWords(held)}, and it keeps what it holds until it ends${onlyWhenEmpty(checked, input.statements.slice(0, checked.statement.index), relations)}`,
        wayOut: {
          text: `Commit between the two, so that the lock is gone before the work begins. ${ownTransaction({ transaction: input.transaction, file: checked.file })}`,
        },
      };
    }
  },
};

function longWork(input: FileInput, at: CheckedStatement): readonly Work[] {
  // To find that a required column has no value, the first row is enough.
  const ends = addsRequiredColumn(at);
  const long = at.effect.work.filter((work) => isLong(work) && !(ends && work.kind === "scan"));
  const work = [...long, ...wholeChange(input, at)];
  if (work.length === 0) return work;
  const before = input.statements.slice(0, at.statement.index);
  return work.filter(({ relation }) => !truncatedBefore(at, before, relation));
}

/**
 * A change of (nearly) all rows as its text has it. Counters of a scratch server tell only how many rows it changed
 * there.
 */
function wholeChange(input: FileInput, { statement, session, effect }: CheckedStatement): Work[] {
  const change = changeOf(statement.node);
  if (change === undefined || effect.work.some(isLong)) return [];
  const { world, existing } = input;
  const table = subjectOf({ world, existing, session }, change.relation);
  if (!table.existed || reachOf(change, world, table.relation) !== "whole") return [];
  return [{ kind: "row-change", relation: table.name, command: change.command, bounded: false }];
}

/**
 * Strong locks of earlier statements that make more wait than this statement's own locks do. Indexes are left out
 * beside their tables first: the table may be one that this statement locks itself.
 */
function heldMeanwhile({ effect, session }: CheckedStatement): readonly HeldLock[] {
  return withoutParts(session.held.filter(isStrong)).filter(
    (lock) =>
      !effect.locks.some(
        (own) =>
          own.relation === lock.relation &&
          isStrong(own) &&
          (blocksReads(own.mode) || !blocksReads(lock.mode)),
      ),
  );
}

function isLong(work: Work): boolean {
  switch (work.kind) {
    case "rewrite":
      return work.emptied !== true;
    case "row-change":
      return !work.bounded;
    case "scan":
    case "index-build":
    case "foreign-key-check":
      return true;
  }
}

function workWords(work: readonly Work[]): string {
  const relations = (kinds: readonly Work["kind"][]) =>
    listWords([
      ...new Set(work.flatMap(({ kind, relation }) => (kinds.includes(kind) ? relation : []))),
    ]);
  const [rewritten, changed, built, read] = [
    relations(["rewrite"]),
    relations(["row-change"]),
    relations(["index-build"]),
    relations(["scan", "foreign-key-check"]),
  ];
  if (rewritten !== "") return `writes ${rewritten} again in full`;
  if (changed !== "") return `changes rows of ${changed} without a bound`;
  return built === "" ? `reads all of ${read}` : `builds an index of ${built}`;
}

/** `reads and writes of a and b`, with `, and writes of c` for locks that readers do not wait for. */
function waitingFor(locks: readonly HeldLock[]): string {
  const closed = new Set(relationsOf(locks.filter(({ mode }) => blocksReads(mode))));
  const readable = new Set(relationsOf(locks).filter((relation) => !closed.has(relation)));
  return [
    ...(closed.size === 0 ? [] : [`reads and writes of ${listWords([...closed])}`]),
    ...(readable.size === 0 ? [] : [`writes of ${listWords([...readable])}`]),
  ].join(", and ");
}

function relationsOf(locks: readonly HeldLock[]): readonly HeldLock["relation"][] {
  return locks.map(({ relation }) => relation);
}

/** `line 3`, or `lines 3 and 5`, with the file where it is another one of the same deploy. */
function placesOf(locks: readonly HeldLock[], file: string): string {
  const files = [...new Set(locks.map((lock) => lock.file))];
  const places = files.map((own) => {
    const taken = locks.filter((lock) => lock.file === own).map(({ line }) => line);
    const lines = [...new Set(taken)].toSorted((a, b) => a - b);
    const words = `${lines.length === 1 ? "line" : "lines"} ${listWords(lines.map(String))}`;
    return own === file ? words : `${words} of ${own}`;
  });
  return listWords(places);
}

function keyOf(transaction: number, { relation, mode, line, file }: HeldLock): string {
  return [transaction, relation, mode, file, line].join("\0");
}
