import { createHash } from "node:crypto";
import { isLockstepError } from "../errors/index.ts";
import {
  openObserver,
  readWorld,
  startPredicting,
  type Effect,
  type Observer,
  type SourcedEffect,
  type TargetSettings,
  type World,
} from "../effects/index.ts";
import { prefixKeys, replayHistory } from "../history/index.ts";
import { serverVersion, Session } from "../pg/index.ts";
import { Confinement } from "../scratch/index.ts";
import type { Statement } from "../sql/index.ts";
import type { EffectQuestion } from "../rules/index.ts";
import { applyHistory, manner, rolesOf } from "./apply.ts";
import { compareEffects } from "./compare-effects.ts";
import type { Facts } from "./facts.ts";
import { foldFile } from "./folded.ts";
import { LackingExtensions } from "./lacking-extensions.ts";
import type { ParsedFile } from "./parse.ts";
import type { Note } from "./report.ts";
import type { SourceFile } from "./source-file.ts";
import { adoptSettings, scratchSettings } from "./target.ts";

export interface ObservedRequest {
  readonly before: readonly SourceFile[];
  /** All files that will be run: the roles that they name are made. */
  readonly files: readonly SourceFile[];
  readonly major: number;
  readonly scratchUrl: string | undefined;
  /** Settings of the target, as far as they are known. */
  readonly settings: TargetSettings;
  /** What comes before has set for all later sessions. */
  readonly lasting: TargetSettings;
  /** How long the replay of what comes before may take, in ms. */
  readonly replayMs: number;
}

/** A replay that takes longer is kept for the next check. */
const keepAfterMs = 300;

/**
 * Facts from a scratch server: what comes before is replayed there, or taken from an earlier replay, and each statement
 * of the checked files is run and watched. Beside it each effect is predicted; where the two differ, a note says so.
 *
 * @throws LockstepError `scratch-unavailable`, `scratch-run-failed` when what comes before does not run there
 */
export async function observedFacts(request: ObservedRequest): Promise<Facts> {
  const settings = scratchSettings(request.settings);
  const isShared = request.scratchUrl !== undefined;
  const limits = { limitMs: request.replayMs, isShared };
  const confinement = new Confinement({ isShared });
  const mayRun = (statement: Statement) => confinement.reachOf(statement) === undefined;
  const asApplied = `${manner} ${JSON.stringify(settings)}`;
  const history = await replayHistory({
    manner: asApplied,
    migrations: request.before,
    apply: async (url, migrations) => {
      await adoptSettings(url, settings);
      await applyHistory(url, migrations, limits);
    },
    roles: async (migrations) => rolesOf(migrations, isShared),
    major: request.major,
    url: request.scratchUrl,
    keepAfterMs,
  });
  const { url } = history;
  try {
    // A copy of a template has none of the template's settings.
    const adopted = scratchSettings({ ...request.lasting, ...request.settings });
    await adoptSettings(url, adopted);
    const roles = await rolesOf(request.files, isShared);
    await history.createRoles(roles);
    await learnRoutines(confinement, url);
    const world = await worldAt(url);
    const observer = await openObserver({ url, rows: rowsFor(world) });
    const notes: Note[] = [];
    const lacking = new LackingExtensions(notes);
    let predict = startPredicting();
    const version = await serverVersion({ url, applicationName: "lockstep/check" });
    let made = isShared
      ? undefined
      : digestOf([prefixKeys(request.before, asApplied).at(-1), version, adopted, roles]);
    return {
      server: { major: request.major, observed: true, version },
      notes,
      world,
      get database() {
        return { url, scratch: history.scratch, made };
      },
      startDeploy: async (files) => {
        made = undefined;
        await observer.startDeploy(
          files.map(({ file, statements }) => ({ file, statements: statements.filter(mayRun) })),
        );
      },
      startFile: async (file, { statements, groups }, transaction) => {
        made = undefined;
        if (transaction !== "deploy") predict = startPredicting();
        await observer.startFile({
          file,
          statements: statements.filter(mayRun),
          transaction,
          groups,
        });
      },
      effectOf: async (question) => {
        const predicted = predict(question);
        return mayRun(question.statement)
          ? observe(observer, question, predicted, notes, lacking)
          : { effect: predicted, source: { kind: "predicted", major: request.major } };
      },
      endFile: async (parsed, folded) => {
        await observer.endFile();
        return isFoldable(parsed) || lacking.any ? folded : worldAt(url);
      },
      apply: async (source, into) => {
        made = undefined;
        await observer.emptyGenerated();
        await applyBetween(url, source, limits, notes);
        return lacking.any ? foldFile(source, into, settings, notes) : worldAt(url);
      },
      [Symbol.asyncDispose]: async () => {
        await observer.close();
        await history[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await history[Symbol.asyncDispose]();
    throw error;
  }
}

function digestOf(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** Rows for all tables together, which are made anew by each check. */
const allRows = 20_000;

/** Rows for each empty table: enough to tell a scan from none, fewer where many tables are to be filled. */
function rowsFor({ relations }: World): number {
  const tables = [...relations.values()].filter(({ kind }) => kind === "table").length;
  return Math.min(2_000, Math.max(200, Math.floor(allRows / tables)));
}

/** Applies a migration that stands between checked ones. When it fails, what comes after it is checked without it. */
async function applyBetween(
  url: string,
  source: SourceFile,
  limits: { readonly limitMs: number; readonly isShared: boolean },
  notes: Note[],
): Promise<void> {
  try {
    await applyHistory(url, [source], limits);
  } catch (error) {
    if (!isLockstepError(error)) throw error;
    const { found = error.explanation.what } = error.explanation;
    notes.push({ kind: "skipped", message: `not applied on scratch: ${found}`, file: source.file });
  }
}

/** Of one statement; a cascade may reach many tables. */
const shownDifferences = 3;

/** Runs a statement; what the prediction would have been is compared, never used. */
async function observe(
  observer: Observer,
  question: EffectQuestion,
  predicted: Effect,
  notes: Note[],
  lacking: LackingExtensions,
): Promise<SourcedEffect> {
  const { major } = question.world;
  const { effect, source, error } = await observer.run(question.statement);
  if (error?.wasEnded === true) {
    const unknown = [...predicted.unknown, ...effect.unknown];
    return { effect: { ...predicted, unknown }, source: { kind: "predicted", major } };
  }
  if (hangsOnZone(question, predicted) || lacking.explain(question, effect, predicted))
    return { effect: predicted, source: { kind: "predicted", major } };
  const differences = question.session.failed
    ? []
    : compareEffects(predicted, effect, question.statement);
  const left = differences.length - shownDifferences;
  if (differences.length > 0)
    notes.push({
      kind: "prediction-differs",
      message: `${differences.slice(0, shownDifferences).join("; ")}${left > 0 ? `; and ${left} more` : ""}. What was observed counts.`,
      file: question.file,
      line: question.statement.line,
    });
  return { effect, source };
}

/**
 * True for what a session in another time zone may do otherwise, when that of the target is not known: what is observed in
 * scratch's own proves nothing then (timestamp.c, TimestampTimestampTzRequiresRewrite).
 */
function hangsOnZone(question: EffectQuestion, predicted: Effect): boolean {
  const { session } = question;
  if (predicted.unknown.length === 0 || session.settings.has("timezone")) return false;
  const settings = new Map([...session.settings, ["timezone", "UTC"]]);
  const inUtc = startPredicting()({ ...question, session: { ...session, settings } });
  return inUtc.unknown.length < predicted.unknown.length;
}

async function learnRoutines(confinement: Confinement, url: string): Promise<void> {
  await using session = await Session.open({ url, applicationName: "lockstep/check" });
  await confinement.learnRoutines(session);
}

async function worldAt(url: string): Promise<World> {
  await using session = await Session.open({ url, applicationName: "lockstep/check" });
  return await readWorld(session);
}

/** Statements whose changes of the catalog only the server knows: they run code. */
const opaque = new Set(["DoStmt", "CallStmt", "SelectStmt", "CreateExtensionStmt", "ExecuteStmt"]);

function isFoldable({ statements }: ParsedFile): boolean {
  return !statements.some(({ kind }) => opaque.has(kind));
}
