import { migrateNext } from "../ledger/index.ts";
import type { WatchResult } from "../watch/index.ts";
import type { Facts, Line } from "./model.ts";

type Question = (facts: Facts) => Omit<Line, "stage">;

/** How long a release is to be watched. */
const watchedMs = 900_000;

/** Questions of the deploy itself. */
export const during: readonly Question[] = [
  (facts) => {
    const { code, pending, isCodeHeldBack } = facts;
    const about = {
      id: "old-schema",
      question:
        "Does the code to be deployed work on the schema as it is, or wait for the new one?",
    };
    if ("unknown" in code)
      return { ...about, answer: "not known", evidence: code.unknown, next: "lockstep gate" };
    const { release, lacks } = code;
    if (lacks.length === 0)
      return { ...about, answer: "yes", evidence: `release ${release} finds all that it expects` };
    const more = lacks.length > 3 ? `; and ${lacks.length - 3} more` : "";
    const found = `release ${release} would fail on it: ${lacks.slice(0, 3).join("; ")}${more}`;
    // What nothing pending mends does not come by waiting.
    const waits = pending.length > 0 && isCodeHeldBack;
    return {
      ...about,
      answer: waits ? "yes" : "no",
      evidence: waits
        ? `${found}. lockstep deploy migrates first, and runs deploy.command only when the gate is open`
        : found,
      next: waits
        ? undefined
        : pending.length > 0
          ? "lockstep migrate, then lockstep gate, before the code is deployed"
          : "lockstep gate",
    };
  },
  ({ status: { migrations }, pending }) => {
    const bad = migrations.filter(({ state }) => state !== "applied" && state !== "pending");
    const left = [
      ...bad.map(({ id, state }) => `${id} ${state}`),
      ...pending.map(({ id }) => `${id} pending`),
    ];
    return {
      id: "migrated",
      question: "Are the migrations applied to this database, all of them to their end?",
      answer: left.length === 0 ? "yes" : "no",
      evidence:
        left.length === 0
          ? `${migrations.length} applied, none pending or failed`
          : left.join(", "),
      next:
        left.length === 0
          ? undefined
          : bad.length > 0
            ? "lockstep status"
            : migrateNext(migrations),
    };
  },
  ({ lastVerified, status }) => {
    const last = lastMigration(status);
    const isAfter =
      lastVerified !== undefined && (last === undefined || lastVerified.verifiedAt >= last);
    return {
      id: "deployed",
      question: "Was the code deployed after its schema, and its gate open?",
      answer: isAfter ? "yes" : lastVerified === undefined ? "not known" : "no",
      evidence:
        lastVerified === undefined
          ? "no deploy was made here by lockstep deploy"
          : `release ${lastVerified.release}, verified at ${lastVerified.verifiedAt.toISOString()}${isAfter ? "" : `; the last migration was applied later, at ${last!.toISOString()}`}`,
      next: isAfter ? undefined : "lockstep deploy",
    };
  },
];

/** Questions that are asked afterwards. */
export const after: readonly Question[] = [
  (facts) => {
    const result = watchOfIt(facts);
    const { probes = 0, endpoints = 0 } = result?.watched ?? {};
    const isBlind = probes + endpoints === 0;
    const isLong = result !== undefined && result.ms >= watchedMs && result.verdict === "well";
    const isGood = isLong && !isBlind;
    return {
      id: "watched",
      question: "Were errors watched for 15 minutes after the deploy?",
      answer: isGood ? "yes" : "no",
      evidence:
        result === undefined
          ? "no watch since the last verified deploy and the last migration"
          : `watched for ${Math.round(result.ms / 1_000)} s at ${facts.watch!.at.toISOString()}: ${result.verdict}; ${isBlind ? "errors of the product were not seen, for neither an endpoint nor a probe is configured" : `${endpoints} endpoints and ${probes} probes, ${result.rounds} times`}`,
      next: isGood
        ? undefined
        : result !== undefined && isBlind
          ? "name deploy.watch.endpoints in the config (docs/watch.md), then lockstep watch --for 900000"
          : "lockstep watch --for 900000",
    };
  },
  (facts) => {
    const { lastVerified } = facts;
    const about = { id: "flows", question: "Were the flows that matter tried, and do they work?" };
    const probes = lastVerified?.probes ?? [];
    const isTried = probes.length > 0 && probes.every(({ ok }) => ok);
    const since = watchOfIt(facts);
    const failed = since?.failures.filter(({ subject }) => subject.startsWith("probe ")) ?? [];
    if (failed.length > 0)
      return {
        ...about,
        answer: "no",
        evidence: `the watch of ${facts.watch!.at.toISOString()}: ${failed.map(({ subject, found }) => `${subject}: ${found}`).join("; ")}`,
        next: "lockstep status",
      };
    return {
      ...about,
      answer: isTried ? "yes" : "no",
      evidence: isTried
        ? `probes of release ${lastVerified!.release} passed at ${lastVerified!.verifiedAt.toISOString()}: ${probes.map(({ name }) => name).join(", ")}`
        : "no probe has passed in a deploy of this environment",
      next: isTried
        ? undefined
        : "name probes in the config (docs/deploy.md), then lockstep deploy",
    };
  },
  (facts) => {
    const { statements, statementGaps = [] } = watchOfIt(facts) ?? {};
    const about = {
      id: "slow-statements",
      question: "Was it looked for new and slower statements?",
    };
    if (statements === undefined)
      return {
        ...about,
        answer: "no",
        evidence:
          "no watch since the last verified deploy and the last migration has read pg_stat_statements",
        next: "lockstep watch",
      };
    const found =
      statements.length === 0
        ? "none that was seen is new or slower"
        : statements
            .slice(0, 3)
            .map(({ kind, query, meanMs }) => `${kind}, ${Math.round(meanMs)} ms: ${query}`)
            .join("; ");
    return statementGaps.length === 0
      ? { ...about, answer: "yes", evidence: found }
      : {
          ...about,
          answer: "not known",
          evidence: `${found}; not known: ${statementGaps.join("; ")}`,
          next: "lockstep watch",
        };
  },
];

/** The last watch, when it began after the last deploy and the last migration. */
function watchOfIt({ watch, lastVerified, status }: Facts): WatchResult | undefined {
  const last = lastMigration(status);
  const isLater =
    watch !== undefined &&
    (lastVerified === undefined || watch.at >= lastVerified.verifiedAt) &&
    (last === undefined || watch.at >= last);
  return isLater ? watch.result : undefined;
}

function lastMigration({ migrations }: Facts["status"]): Date | undefined {
  return migrations
    .flatMap(({ state, appliedAt }) =>
      state === "applied" && appliedAt !== undefined ? [appliedAt] : [],
    )
    .toSorted((a, b) => b.getTime() - a.getTime())[0];
}
