import {
  findBaseline,
  printedParts,
  printsOf,
  withoutLedgerSchema,
} from "../../src/baseline/index.ts";
import { firstOfSame } from "../../src/baseline/choose.ts";
import { readPrefixes } from "../../src/baseline/prefixes.ts";
import { introspect } from "../../src/catalog/index.ts";
import { applyHistory, rolesOf } from "../../src/check/index.ts";
import { Session } from "../../src/pg/index.ts";
import { readStatusOn } from "../../src/runner/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { ledgerOf, readHistory, type MigrationFolder } from "../../src/tools/index.ts";
import { kinds, perturbations, type Perturbation } from "./perturb.ts";

/** What became of one case. */
export interface CaseResult {
  /** How many migrations the database really had. */
  readonly truth: number;
  readonly perturbation: Perturbation;
  readonly found: number;
  readonly named: readonly string[];
  readonly isRight: boolean;
  readonly ms: number;
}

export interface Trial {
  readonly folder: MigrationFolder;
  readonly scratch: Scratch;
  /** How many places of the history. */
  readonly places: number;
  /** Perturbations at each of them. */
  readonly each: number;
  readonly seed: number;
  /** Server for `findBaseline` itself; an embedded one when left away. */
  readonly scratchUrl?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly tell: (result: CaseResult) => void;
}

/** A folder as `lockstep check` reads it: also one that its own tool would not run. */
export async function folderAt(path: string): Promise<MigrationFolder> {
  const history = await readHistory({ folder: path, cwd: process.cwd() });
  return { ...history, ledger: undefined };
}

/**
 * Databases as they were after some migrations of a history, each changed by hand in one way, without any ledger: is the
 * prefix found, and the change named?
 */
export async function tryHistory(trial: Trial): Promise<readonly CaseResult[]> {
  const { folder, scratch, places, env, seed } = trial;
  const { migrations } = folder;
  const ignore = ledgerOf(folder);
  const { start, changes } = await readPrefixes({
    migrations,
    major: scratch.major,
    scratchUrl: trial.scratchUrl,
    env,
    ignore,
  });
  const random = generator(seed);
  const effective = changes.flatMap((change, at) => (change.length > 0 ? [at + 1] : []));
  const chosen = new Set<number>();
  while (chosen.size < Math.min(places, effective.length - 1))
    chosen.add(effective[1 + Math.floor(random() * (effective.length - 1))]!);
  const results: CaseResult[] = [];
  await scratch.createRoles(await rolesOf(migrations, false));
  const database = await scratch.createDatabase();
  let done = 0;
  for (const truth of [...chosen].toSorted((a, b) => a - b)) {
    await applyHistory(database.url, migrations.slice(done, truth));
    done = truth;
    // Behind it, migrations that take each other back: no catalog shows that they were run.
    const seen = firstOfSame(start, changes, truth);
    // What this migration or a later one touches: with it changed, another prefix would explain the database as well.
    const touched = new Set(
      changes.slice(Math.max(0, seen - 1)).flatMap((change) => change.map(([key]) => key)),
    );
    for (const perturbation of await chooseSome(database.url, trial, touched, random)) {
      const result = await tryCase(trial, database.name, { truth, seen }, perturbation);
      trial.tell(result);
      results.push(result);
    }
  }
  await database.drop();
  return results;
}

async function chooseSome(
  url: string,
  { each }: Trial,
  touched: ReadonlySet<string>,
  random: () => number,
): Promise<readonly Perturbation[]> {
  await using session = await Session.open({ url, applicationName: "baseline-histories" });
  const catalog = await introspect(session);
  const order = kinds
    .map((kind) => ({ kind, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ kind }) => kind);
  const chosen: Perturbation[] = [];
  for (const kind of order) {
    if (chosen.length === each) break;
    const all = perturbations(kind, catalog, (key) => !touched.has(key));
    const one = all[Math.floor(random() * all.length)];
    if (one !== undefined) chosen.push(one);
  }
  return chosen;
}

async function tryCase(
  { folder, scratch, scratchUrl, env }: Trial,
  template: string,
  { truth, seen }: { readonly truth: number; readonly seen: number },
  perturbation: Perturbation,
): Promise<CaseResult> {
  const copy = await scratch.createDatabase({ template });
  try {
    await using session = await Session.open({
      url: copy.url,
      applicationName: "baseline-histories",
    });
    await session.batch(perturbation.sql);
    const database = withoutLedgerSchema(
      await introspect(session, { ignore: ledgerOf(folder), parts: printedParts }),
      folder,
    );
    const began = performance.now();
    const { prefix, remains } = await findBaseline({
      folder,
      database,
      status: await readStatusOn(session, folder),
      assume: [],
      major: scratch.major,
      scratchUrl,
      env,
    });
    const [only, ...others] = remains;
    const isNamed =
      others.length === 0 &&
      only?.done === perturbation.done &&
      perturbation.key.endsWith(` ${only.object}`);
    return {
      truth,
      perturbation,
      found: prefix.length,
      named: remains.map(({ sentence }) => sentence),
      isRight: prefix.length === seen && seen + prefix.unseen >= truth && isNamed,
      ms: Math.round(performance.now() - began),
    };
  } finally {
    await copy.drop();
  }
}

/** Numbers from 0 to 1 by a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export { startScratch } from "../../src/scratch/index.ts";
export { printsOf };
