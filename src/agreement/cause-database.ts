import type { Catalog } from "../catalog/index.ts";
import type { Origin } from "../contract/index.ts";
import type { OtherEnvironment } from "../gate/index.ts";
import type { FolderStatus, MigrationStatus } from "../runner/index.ts";
import type { Disagreement } from "./model.ts";
import { whatIs, type Thing } from "./things.ts";

/** The database's side. */
export interface DatabaseFacts {
  readonly environment: string;
  readonly catalog: Catalog;
  /** What the migrations make that its ledger has; undefined when that is all of them, or cannot be told. */
  readonly applied: Catalog | undefined;
  readonly status: FolderStatus;
  /** What applies what is pending: commands, and what is to be settled first. */
  readonly migrate: readonly string[];
  /** False where another tool has applied what is there, and its ledger is not read: nothing is known of what it records. */
  readonly isRecorded: boolean;
  /** What other environments' ledgers say. */
  readonly elsewhere: readonly OtherEnvironment[];
  /** What is known of who made or changed an object, and when: a sentence. */
  readonly evidence: (thing: Thing) => string;
}

interface DatabaseSubject {
  readonly facts: DatabaseFacts;
  readonly thing: Thing;
  readonly inMigrations: Thing | undefined;
  readonly inDatabase: Thing | undefined;
  readonly origin: Origin | undefined;
  /** True when the database has it as the applied migrations leave it. */
  readonly isAsApplied: boolean;
}

/** Why migrations and database differ on an object, and what to do. */
export function databaseDisagreement(subject: DatabaseSubject): Disagreement {
  const { facts, origin } = subject;
  const state = facts.status.migrations.find(({ id }) => id === origin?.migration);
  if (state?.state === "failed" || state?.state === "partly-applied")
    return halfWay(state, subject);
  if (subject.isAsApplied) return notYet(state, subject);
  if (state?.state === "edited") return edited(state, subject);
  const stranger = facts.status.migrations.find((one) => one.state === "unknown");
  if (stranger !== undefined && subject.inMigrations === undefined)
    return notInFolder(stranger, subject);
  if (state?.state === "applied" && contradicts(subject)) return recordedOnly(state, subject);
  return byHand(subject);
}

/** The database lacks what the migration makes, or has what it drops. */
function contradicts({ origin, inMigrations, inDatabase }: DatabaseSubject): boolean {
  return origin?.action === "dropped"
    ? inMigrations === undefined && inDatabase !== undefined
    : inMigrations !== undefined && inDatabase === undefined;
}

function halfWay(state: MigrationStatus, { facts, origin }: DatabaseSubject): Disagreement {
  const reason = state.failure?.message ?? state.unfinished?.reason ?? state.unfinished?.found;
  const why = reason === undefined ? "" : `: ${reason.split("\n", 1)[0]}`;
  return {
    cause: "failed-half-way",
    sentence: `${state.id} (${origin!.from}) was begun in ${facts.environment} and did not come to its end${why}.`,
    together: `${state.id} was begun in ${facts.environment} and did not come to its end${why}.`,
    next: ["lockstep migrate goes on where it stopped", `or lockstep resolve ${state.id}`],
  };
}

function notYet(
  state: MigrationStatus | undefined,
  { facts, origin }: DatabaseSubject,
): Disagreement {
  const pending = facts.status.migrations.filter((one) => one.state === "pending");
  const id = state?.state === "pending" ? state.id : undefined;
  const elsewhere = facts.elsewhere.filter(({ applied }) => id !== undefined && applied.has(id));
  const which =
    id === undefined
      ? pending.length === 1
        ? pending[0]!.id
        : `one of the ${pending.length} pending migrations`
      : `${id} (${origin!.from})`;
  if (elsewhere.length === 0)
    return {
      cause: "pending",
      sentence: `Pending: ${which} is not applied in ${facts.environment} yet.`,
      together: `Pending: ${id ?? which} is not applied in ${facts.environment} yet.`,
      next: facts.migrate,
    };
  const where = elsewhere.map(({ environment, applied }) => {
    const since = applied.get(id!);
    return since === undefined ? environment : `${environment} since ${day(since)}`;
  });
  return {
    cause: "elsewhere-only",
    sentence: `${which} is applied in ${where.join(" and ")}, and not in ${facts.environment}.`,
    together: `${id} is applied in ${where.join(" and ")}, and not in ${facts.environment}.`,
    next: facts.migrate,
  };
}

function edited(state: MigrationStatus, { facts, origin }: DatabaseSubject): Disagreement {
  const when = state.appliedAt === undefined ? "" : ` on ${day(state.appliedAt)}`;
  return {
    cause: "edited-after-applied",
    sentence: `${state.id} (${origin!.from}) was edited after it was applied in ${facts.environment}${when}: the database has what it said then.`,
    together: `${state.id} was edited after it was applied in ${facts.environment}${when}: the database has what it said then.`,
    next: [
      `bring the file back to what was applied: git log -p -- ${origin!.from.replace(/:\d+$/, "")}`,
      "and write what was changed as a new migration",
    ],
  };
}

function notInFolder({ id }: MigrationStatus, { facts, thing }: DatabaseSubject): Disagreement {
  return {
    cause: "not-in-folder",
    sentence: `No migration of this folder makes this ${whatIs(thing)}. ${id} is applied in ${facts.environment} and not in the folder: it may have made it. ${facts.evidence(thing)}`,
    together: `No migration of this folder makes them. ${id} is applied in ${facts.environment} and not in the folder: it may have made them.`,
    next: [`bring ${id} back into the folder (another branch, perhaps)`],
  };
}

function recordedOnly(state: MigrationStatus, subject: DatabaseSubject): Disagreement {
  const { facts, origin, thing } = subject;
  const when = state.appliedAt === undefined ? "" : ` (${day(state.appliedAt)})`;
  const does = origin!.action === "dropped" ? "drops" : "makes";
  const has = origin!.action === "dropped" ? "still has it" : "does not have it";
  const how =
    origin!.action === "dropped"
      ? `it was made again by hand, or the migration was only marked. ${facts.evidence(thing)}`
      : "it was dropped by hand since, or the migration was only marked as applied.";
  return {
    cause: "recorded-only",
    sentence: `${state.id} ${does} it (${origin!.from}) and is recorded as applied${when}; ${facts.environment} ${has}: ${how}`,
    together: `${state.id} ${does} them and is recorded as applied${when}; ${facts.environment} ${has.replace("it", "them")}.`,
    next: ["lockstep baseline prints the SQL that brings it back, for review"],
  };
}

function byHand({ facts, thing, inMigrations, inDatabase }: DatabaseSubject): Disagreement {
  const what = whatIs(thing);
  const sentence =
    inMigrations === undefined
      ? `Made by hand in ${facts.environment}: no migration makes this ${what}.`
      : inDatabase === undefined
        ? `Dropped by hand in ${facts.environment}: the applied migrations make this ${what}.`
        : `Changed by hand in ${facts.environment}: no migration leaves this ${what} so.`;
  const evidence = facts.evidence(thing);
  return {
    cause: "by-hand",
    sentence: `${sentence} ${evidence}`,
    together: `Changed by hand in ${facts.environment}: no migration has made them what they are. ${evidence}`,
    next: [
      "keep it: write it as a migration, and mark that as applied here",
      "or take it back: lockstep baseline prints the SQL for review",
    ],
  };
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
