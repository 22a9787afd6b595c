import type { Session } from "../../pg/index.ts";
import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { makePool } from "./data/pool.ts";
import { writeRules } from "./data/writes.ts";
import { proveLocks } from "./locks.ts";
import { provePoints } from "./points.ts";
import type { Proof, ProofName } from "./proof.ts";
import type { ProofRequest } from "./request.ts";
import { failureOf } from "./run-step.ts";
import { changedForGood } from "./refill.ts";
import { makeScenario } from "./scenario.ts";
import { Stage } from "./stage.ts";
import { fail, startTally, type Tally } from "./tally.ts";
import { proveWalk } from "./walk.ts";
import { proveWithoutWriters } from "./without-writers.ts";

/**
 * Tries a plan on scratch, with rows: its end against the migration as written, both releases at every point, its
 * locks, the way back from every point, and every step twice. What cannot be shown to hold does not hold.
 *
 * @throws LockstepError of a connection; the signal's reason
 */
export async function provePlan(request: ProofRequest): Promise<Proof> {
  await using stage = new Stage(request.scratch, request.searchPath, request.signal);
  const tally = startTally();
  const start = await stage.copy(request.template);
  const server = await stage.visit(start, async (session) => {
    // What Lockstep itself installs before it carries a plan out.
    await session.query("CREATE SCHEMA IF NOT EXISTS lockstep");
    for (const name of await dropNarrowPublications(session))
      tally.remarks.add(
        `tried without the publication ${name}: it has a table whose rows nobody can change for want of a replica identity`,
      );
    return session.serverVersion;
  });
  await proveAll(stage, request, start, tally);
  return proofOf(server, tally);
}

/** Rows of a published table that has no fitting replica identity can be neither changed nor deleted (CheckCmdReplicaIdentity). */
async function dropNarrowPublications(session: Session): Promise<readonly string[]> {
  const published = await session.queryArrays(
    "SELECT pubname::text, schemaname::text, tablename::text FROM pg_catalog.pg_publication_tables",
  );
  const narrow = new Set<string>();
  for (const [name, schema, table] of published as [string, string, string][]) {
    const nothing = `DELETE FROM ONLY ${quoteQualified(schema, table)} WHERE false`;
    if ((await failureOf(session.query(nothing))) !== undefined) narrow.add(quoteIdent(name));
  }
  for (const name of narrow) await session.query(`DROP PUBLICATION ${name}`);
  return [...narrow];
}

async function proveAll(
  stage: Stage,
  request: ProofRequest,
  start: string,
  tally: Tally,
): Promise<void> {
  const { plan, naive, emit } = request;
  const parts = ["rows", "locks", "writes", "both releases", "the way back"];
  const begin = (doing: string) => emit?.({ doing, done: parts.indexOf(doing), of: parts.length });
  begin("rows");
  const pool = await makePool(stage, start, naive);
  for (const reason of pool.left) tally.remarks.add(reason);
  if (pool.failure !== undefined) {
    fail(tally, "catalog", undefined, {
      statement: null,
      what: "the migration as written fails on scratch, so nothing can be compared with it",
      expected: "a migration that goes well on rows that meet it",
      found: pool.failure,
      why: "it fails however few rows there are",
      next: "correct the migration",
    });
    return;
  }
  begin("locks");
  const touched = await proveLocks(stage, plan, start, tally);
  const before = plan.expand.length + plan.backfill.length;
  const points = { old: before + 1, new: plan.contract.length + 1 };
  begin("writes");
  const rules = writeRules(plan.exemptions);
  const changed = changedForGood(plan, new Map(), pool.catalog);
  const drawn = await makeScenario({ stage, start, naive, pool, touched, rules, changed, points });
  const scenario = { ...drawn, fired: await proveWithoutWriters(stage, request, drawn, tally) };
  begin("both releases");
  await proveWalk(stage, request, scenario, tally);
  begin("the way back");
  await provePoints(stage, plan, scenario, tally);
}

function proofOf(server: string, { failures, remarks, counted, maxLock, steps }: Tally): Proof {
  const holds = (name: ProofName) => failures.every(({ proof }) => proof !== name);
  return {
    server,
    catalogEqual: holds("catalog"),
    dataEqual: holds("data"),
    oldContractHolds: holds("old-release"),
    newContractHolds: holds("new-release"),
    online: holds("locks"),
    maxLock,
    steps,
    reversible: holds("abort"),
    repeatable: holds("repeat"),
    failures,
    remarks: saidOnce(remarks),
    counted,
  };
}

/** A remark that holds at several points is made for the first of them. */
function saidOnce(remarks: ReadonlySet<string>): readonly string[] {
  const first = new Map<string, string>();
  for (const remark of remarks) {
    const [point = "", ...rest] = remark.split(", ");
    const said = /^(?:at the start|after \w+ \d+)$/.test(point) ? rest.join(", ") : remark;
    if (!first.has(said)) first.set(said, remark);
  }
  return [...first.values()];
}
