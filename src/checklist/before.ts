import type { Facts, Line } from "./model.ts";

type Question = (facts: Facts) => Omit<Line, "stage">;

/** Rules that find a lock which others wait behind for longer than a moment. */
const lockRules = [
  "blocking-rewrite",
  "blocking-scan",
  "blocking-index-build",
  "blocking-foreign-key",
  "lock-held-during-work",
  "unbatched-change",
  "batch-in-one-transaction",
];

/** Questions that are asked before a migration runs. */
export const before: readonly Question[] = [
  ({ pending, waysBack }) => {
    const without = pending.filter(({ id }) => !waysBack.has(id)).map(({ id }) => id);
    return {
      id: "way-back",
      question: "Has each migration a way back?",
      answer: without.length === 0 ? "yes" : "no",
      evidence:
        pending.length === 0
          ? "nothing is pending"
          : without.length === 0
            ? `a down file or a plan for ${pending.map(({ id }) => id).join(", ")}`
            : `no down file and no plan: ${without.join(", ")}; what their inverse would be is told once they are applied`,
      next:
        without.length === 0
          ? undefined
          : `write it (docs/rollback.md), or lockstep plan ${without[0]!}`,
    };
  },
  ({ pending }) => ({
    id: "production-sized",
    question: "Was it tried on data of production's size?",
    answer: pending.length === 0 ? "yes" : "not known",
    evidence:
      pending.length === 0 ? "nothing is pending" : "no rehearsal is recorded in this database",
    next: pending.length === 0 ? undefined : "lockstep rehearse",
  }),
  ({ pending, arePrograms }) => ({
    id: "idempotent",
    question: "Can it be run twice?",
    answer: arePrograms && pending.length > 0 ? "not known" : "yes",
    evidence:
      pending.length === 0
        ? "nothing is pending"
        : arePrograms
          ? "programs are run by their own tool, which notes what it has run; whether one of them may be run again was not tried"
          : "lockstep migrate records each unit in the transaction that does it, or, where it runs outside of one, looks in the catalog for what it has done; so a second run finds nothing to do. The file alone, sent by hand, was not tried twice",
    next: arePrograms && pending.length > 0 ? "lockstep rehearse" : undefined,
  }),
  (facts) =>
    ruleLine(facts, lockRules, {
      id: "short-locks",
      question: "Is no lock held for longer than a moment?",
      good: "no statement scans, rewrites or builds under a lock that others wait for",
    }),
  (facts) =>
    ruleLine(facts, ["breaks-running-release", "loses-data"], {
      id: "backward-compatible",
      question: "Does the code that runs now go on working?",
      good: "nothing that a running release may read or write is taken away",
    }),
  (facts) =>
    ruleLine(facts, ["fails-on-rows", "fails-always"], {
      id: "required-columns",
      question: "Have new required columns a default, so that the migration does not fail on rows?",
      good: "no statement fails on the rows that are there",
    }),
  (facts) =>
    ruleLine(facts, ["blocking-index-build"], {
      id: "concurrent-indexes",
      question: "Are indexes of tables with rows built CONCURRENTLY?",
      good: "no index is built under a lock against writes",
    }),
  ({ lockTimeoutMs }) => ({
    id: "lock-timeout",
    question: "Is the wait for locks limited?",
    answer: lockTimeoutMs > 0 ? "yes" : "no",
    evidence:
      lockTimeoutMs > 0
        ? `lock_timeout is ${lockTimeoutMs} ms in lockstep migrate and deploy, with retries; a file's own SET wins`
        : "runner.lockTimeoutMs is 0: a wait has no end",
    next: lockTimeoutMs > 0 ? undefined : "take runner.lockTimeoutMs out of the config",
  }),
  ({ snapshots, now }) => {
    const dayMs = 86_400_000;
    const fresh = snapshots.find(({ at }) => now.getTime() - Date.parse(at) < dayMs);
    const [last] = snapshots;
    return {
      id: "snapshot",
      question: "Was a snapshot made in the last 24 hours?",
      answer: fresh === undefined ? "no" : "yes",
      evidence:
        fresh !== undefined
          ? `${fresh.name} by ${fresh.by}, of ${fresh.at}: ${fresh.place}`
          : last === undefined
            ? "none was made by Lockstep; the provider's own are not known"
            : `the last one, ${last.name}, is of ${last.at}`,
      next: fresh === undefined ? "lockstep snapshot create" : undefined,
    };
  },
  ({ recovery }) => {
    const [worst] = recovery;
    const isDanger = recovery.some(({ verdict }) => verdict === "danger");
    const isUnknown = recovery.some(({ verdict }) => verdict === "unknown");
    return {
      id: "point-in-time-recovery",
      question: "Can the database be restored to the moment before?",
      answer: isDanger ? "no" : isUnknown || worst === undefined ? "not known" : "yes",
      evidence: recovery.map(({ found }) => found).join("; "),
      next: recovery.flatMap(({ next = [] }) => next)[0],
    };
  },
  ({ windows }) => ({
    id: "quiet-hours",
    question: "Is it run while the load is low?",
    answer: windows.length > 0 ? "yes" : "not known",
    evidence:
      windows.length > 0
        ? `lockstep migrate and deploy begin risky work in its window only: ${windows.join(", ")}`
        : "no window is configured: it runs whenever it is begun",
    next: windows.length > 0 ? undefined : "deploy.window in the config (docs/window.md)",
  }),
];

/** A question that rules of `lockstep check` answer. */
function ruleLine(
  { check, pending }: Facts,
  rules: readonly string[],
  { id, question, good }: { readonly id: string; readonly question: string; readonly good: string },
): Omit<Line, "stage"> {
  if (pending.length === 0 || check === undefined)
    return { id, question, answer: "yes", evidence: "nothing is pending" };
  const found = check.findings.filter(
    ({ rule, severity }) => rules.includes(rule) && severity !== "info",
  );
  const isUnknown = check.findings.some(({ rule }) => rule === "unknown-effect");
  const how = check.server.observed
    ? `observed on scratch, Postgres ${check.server.major}`
    : `predicted for Postgres ${check.server.major}`;
  if (found.length > 0)
    return {
      id,
      question,
      answer: "no",
      evidence: `${found.map(({ file, line, rule, message }) => `${file}:${line} ${rule}: ${message}`).join("; ")} (${how})`,
      next: "lockstep check",
    };
  return {
    id,
    question,
    answer: isUnknown ? "not known" : "yes",
    evidence: isUnknown ? `what a statement does is not known (${how})` : `${good} (${how})`,
    next: isUnknown ? "lockstep check" : undefined,
  };
}
