import type { Facts, Line } from "./model.ts";

type Question = (facts: Facts) => Omit<Line, "stage">;

/** How long a release is to be watched. */
const watchedMs = 900_000;

/** Questions of the deploy itself. */
export const during: readonly Question[] = [
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
      next: left.length === 0 ? undefined : bad.length > 0 ? "lockstep status" : "lockstep migrate",
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
  ({ watch, lastVerified }) => {
    const isOfIt = isAfterDeploy(watch, lastVerified);
    const isLong = isOfIt && watch!.result.ms >= watchedMs && watch!.result.verdict === "well";
    return {
      id: "watched",
      question: "Were errors watched for 15 minutes after the deploy?",
      answer: isLong ? "yes" : "no",
      evidence: isOfIt
        ? `watched for ${Math.round(watch!.result.ms / 1_000)} s at ${watch!.at.toISOString()}: ${watch!.result.verdict}`
        : "no watch since the last verified deploy",
      next: isLong ? undefined : "lockstep watch --for 900000",
    };
  },
  ({ lastVerified }) => {
    const probes = lastVerified?.probes ?? [];
    const isTried = probes.length > 0 && probes.every(({ ok }) => ok);
    return {
      id: "flows",
      question: "Do the flows that matter work?",
      answer: isTried ? "yes" : "no",
      evidence: isTried
        ? `probes of release ${lastVerified!.release} passed: ${probes.map(({ name }) => name).join(", ")}`
        : "no probe has passed in a deploy of this environment",
      next: isTried
        ? undefined
        : "name probes in the config (docs/deploy.md), then lockstep deploy",
    };
  },
  ({ watch, lastVerified }) => {
    const statements = isAfterDeploy(watch, lastVerified) ? watch!.result.statements : undefined;
    return {
      id: "slow-statements",
      question: "Was it looked for new and slower statements?",
      answer: statements === undefined ? "no" : "yes",
      evidence:
        statements === undefined
          ? "no watch since the last verified deploy has read pg_stat_statements"
          : statements.length === 0
            ? "none is new or slower"
            : statements
                .slice(0, 3)
                .map(({ kind, query, meanMs }) => `${kind}, ${Math.round(meanMs)} ms: ${query}`)
                .join("; "),
      next: statements === undefined ? "lockstep watch" : undefined,
    };
  },
];

function isAfterDeploy(watch: Facts["watch"], deploy: Facts["lastVerified"]): boolean {
  return watch !== undefined && (deploy === undefined || watch.at >= deploy.verifiedAt);
}

function lastMigration({ migrations }: Facts["status"]): Date | undefined {
  return migrations
    .flatMap(({ state, appliedAt }) =>
      state === "applied" && appliedAt !== undefined ? [appliedAt] : [],
    )
    .toSorted((a, b) => b.getTime() - a.getTime())[0];
}
