import type { Origin } from "../contract/index.ts";
import { suggest } from "../errors/index.ts";
import type { Difference, Finding } from "./result.ts";

/** What is known about one migration of the folder in this database. */
export interface MigrationState {
  readonly id: string;
  readonly applied: boolean;
  readonly appliedAt: Date | undefined;
  /** The file is not the one that was applied. */
  readonly edited: boolean;
  /** The last failure, when it was tried and is not applied. */
  readonly failure:
    | { readonly at: Date; readonly line: number; readonly message: string }
    | undefined;
}

/** Everything that was looked at to find causes. */
export interface Evidence {
  readonly release: string;
  /** Undefined without a folder of migrations. */
  readonly origins: ReadonlyMap<string, Origin> | undefined;
  readonly states: ReadonlyMap<string, MigrationState>;
  /** The command that applies what is pending. */
  readonly migrate: string;
  /** The command that writes a migration from the schema file, where the folder's tool has one. */
  readonly generate: string | undefined;
  /** Environments where a migration is applied, with the day. */
  readonly elsewhere: (
    migration: string,
  ) => readonly { environment: string; since: Date | undefined }[];
  /** Live names by the kind of address (`column public.orders.` → its columns), to find what was renamed. */
  readonly neighbours: (finding: Finding) => readonly string[];
  /** Places outside the expected schema where a relation of that name exists. */
  readonly otherPlaces: ReadonlyMap<string, readonly string[]>;
  readonly now: Date;
}

/** Says why each finding is probably so, and what to run next. */
export function explain(finding: Finding, evidence: Evidence): Difference {
  const { severity, object, kind, expected, found, effect } = finding;
  const origin = finding.address === undefined ? undefined : evidence.origins?.get(finding.address);
  const { cause, next } = causeOf(finding, origin, evidence);
  const from = finding.from ?? origin?.from ?? `the contract of release ${evidence.release}`;
  return { severity, object, kind, expected, found, from, effect, cause, next };
}

interface Cause {
  readonly cause: string;
  readonly next: string;
}

function causeOf(finding: Finding, origin: Origin | undefined, evidence: Evidence): Cause {
  if (finding.kind === "missing-variable" || finding.kind === "wrong-answer")
    return {
      cause:
        finding.kind === "missing-variable"
          ? "it was set in another environment and never here"
          : "the state was changed by hand, or a step that makes it never ran here",
      next: finding.next ?? "lockstep status",
    };
  if (finding.kind === "refused-query") return refusedCause(finding, evidence);
  if (finding.kind.startsWith("extra-")) return extraCause(finding, origin, evidence);
  const renamed = similar(finding, evidence);
  const known = migrationCause(finding, origin, evidence);
  if (known === undefined)
    return { cause: renamed ?? "not known", next: finding.next ?? "lockstep status" };
  return renamed === undefined ? known : { ...known, cause: `${known.cause}; ${renamed}` };
}

/** The server of the migrations' own database took the statement when the contract was made. */
function refusedCause({ severity }: Finding, evidence: Evidence): Cause {
  if (severity === "warning")
    return { cause: "another session holds what it names", next: "lockstep blockers list" };
  const { origins, states } = evidence;
  const [first, ...others] = [...states.values()].filter(({ applied }) => !applied);
  if (origins === undefined) return { cause: "not known", next: "lockstep status" };
  return first === undefined
    ? {
        cause: "every migration has run here, yet the database is not as they make it",
        next: "lockstep gate --drift",
      }
    : {
        cause: `${first.id}${others.length === 0 ? "" : ` and ${others.length} more`} never ran here: what the statement needs is made there, or was changed by hand`,
        next: evidence.migrate,
      };
}

function migrationCause(
  finding: Finding,
  origin: Origin | undefined,
  evidence: Evidence,
): Cause | undefined {
  const { origins, states } = evidence;
  if (origins === undefined) return undefined;
  if (origin === undefined) {
    const verb = finding.kind.startsWith("missing-") ? "makes it" : "makes it so";
    return evidence.generate !== undefined
      ? {
          cause: `no migration of the folder ${verb}: the schema file changed and no migration was written`,
          next: evidence.generate,
        }
      : {
          cause: `no migration of the folder ${verb}: the code changed and no migration was written`,
          next:
            finding.next === undefined
              ? "write the migration"
              : `write a migration: ${finding.next}`,
        };
  }
  const state = states.get(origin.migration);
  const where = `${origin.migration} (${origin.from})`;
  if (origin.action === "dropped" && state?.applied === true)
    return {
      cause: `${where} has dropped or renamed it${on(state.appliedAt)}, and the release still expects it: it is older than the database`,
      next: "deploy a release that does without it, or put it back with a new migration",
    };
  if (state === undefined) return undefined;
  if (!state.applied) return pendingCause(where, state, origin, evidence);
  const edited = state.edited ? `; the file was edited after it was applied` : "";
  // What is there in another form may be just what the migration says.
  const otherwise = finding.kind.startsWith("missing-")
    ? `is recorded as applied${on(state.appliedAt)}, yet the catalog says otherwise: changed by hand, or restored from an older backup`
    : `was the last to say how it is, applied${on(state.appliedAt)}: the code's schema says otherwise than the migration, or it was changed by hand since`;
  return {
    cause: `${where} ${otherwise}${edited}`,
    next: finding.next ?? "lockstep gate --drift",
  };
}

function pendingCause(
  where: string,
  { failure }: MigrationState,
  origin: Origin,
  evidence: Evidence,
): Cause {
  const verb =
    origin.action === "made" ? "makes" : origin.action === "changed" ? "changes" : "drops";
  if (failure !== undefined)
    return {
      cause: `${where}, which ${verb} it, failed half-way here${on(failure.at)} at line ${failure.line}: ${failure.message}`,
      next: evidence.migrate,
    };
  const others = evidence.elsewhere(origin.migration).map(({ environment, since }) => {
    const days = since && Math.floor((evidence.now.getTime() - since.getTime()) / 86_400_000);
    return days === undefined
      ? environment
      : `${environment} for ${days} ${days === 1 ? "day" : "days"}`;
  });
  const elsewhere = others.length === 0 ? "" : `; it has been in ${others.join(", ")}`;
  return {
    cause: `${where}, which ${verb} it, has never run here${elsewhere}`,
    next: evidence.migrate,
  };
}

/** Something the database has and the release does not know. */
function extraCause(finding: Finding, origin: Origin | undefined, evidence: Evidence): Cause {
  const state = origin && evidence.states.get(origin.migration);
  if (origin !== undefined && state?.applied === true)
    return {
      cause: `${origin.migration} (${origin.from}) has made it${on(state.appliedAt)}: ${finding.kind === "extra-check" ? "the code's schema does not say it, or the release is older than the database" : "the release is older than the database"}`,
      next: finding.next ?? "deploy a release that knows it",
    };
  return {
    cause:
      evidence.origins === undefined
        ? "another release has made it, or someone by hand"
        : "no applied migration makes it: made by hand, or by another tool",
    next: finding.next ?? "lockstep gate --drift",
  };
}

/** Something of almost the same name, or the same name elsewhere. */
function similar(finding: Finding, evidence: Evidence): string | undefined {
  if (!finding.kind.startsWith("missing-")) return undefined;
  const places = evidence.otherPlaces.get(finding.object);
  if (places !== undefined && places.length > 0)
    return `${places.join(" and ")} exists: another schema, another case, or a search_path that leads elsewhere`;
  const own = lastPart(finding.object);
  const neighbours = evidence.neighbours(finding);
  const sameButCase = neighbours.find((name) => fold(name) === fold(own));
  if (sameButCase !== undefined) return `${sameButCase} exists, which differs only in case or form`;
  const close = suggest(own, neighbours);
  return close === undefined
    ? undefined
    : `${close} exists, which the release does not know: renamed by hand?`;
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[_"]/g, "");
}

function lastPart(object: string): string {
  const quoted = object.endsWith('"') ? object.lastIndexOf('."') : object.lastIndexOf(".");
  return object.slice(quoted + 1);
}

function on(date: Date | undefined): string {
  return date === undefined ? "" : ` on ${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
