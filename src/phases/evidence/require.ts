import { LockstepError } from "../../errors/index.ts";
import type { PlanRow } from "../../ledger/index.ts";
import type { Session } from "../../pg/index.ts";
import type { PlanFolder } from "../../plan/index.ts";
import type { Sign } from "./finding.ts";
import { newByHeartbeats, oldByHeartbeats } from "./heartbeats.ts";
import { sessionsSay, statementsSay } from "./statements.ts";

export interface EvidenceRequest {
  readonly plan: PlanFolder;
  readonly row: PlanRow;
  readonly environment: string;
  /** How long after its last heartbeat an instance counts as running, in ms. */
  readonly ttlMs: number;
  /** For how long no statement may name what goes, in ms. */
  readonly quietMs: number;
  /** `name: reason` of a person who answers for it. */
  readonly consent?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A person who answers for something. */
export interface Consent {
  readonly name: string;
  readonly reason: string;
}

/** Why a phase was allowed, as the ledger keeps it. */
export interface Evidence {
  readonly at: string;
  readonly signs: readonly Sign[];
  readonly consent?: Consent;
}

/**
 * Evidence that the old release is gone: instances that register are all of releases that need nothing of what goes, or
 * no statement named it for a stated time, or a person answers for it. One that speaks for it is enough, but none
 * may speak against it.
 * @throws LockstepError `release-may-run`, `usage` for a consent without a name or a reason
 */
export async function requireOldGone(
  session: Session,
  request: EvidenceRequest,
): Promise<Evidence> {
  const { plan, row, environment, ttlMs, quietMs, signal } = request;
  const consent = parseConsent(request.consent, "--consent");
  // With it come the effects: only here does carrying plans need them.
  const { namesThatGo } = await import("../goes.ts");
  const going = await namesThatGo(session, plan);
  const signs: Sign[] = [
    await oldByHeartbeats(session, row, going, { environment, ttlMs }),
    await sessionsSay(session, going),
  ];
  // Watching takes its time: only when nothing else decides.
  if (consent === undefined && signs.every(({ says }) => says === "unknown"))
    signs.push(await statementsSay(session, going, { quietMs, signal }));
  const evidence = { at: new Date().toISOString(), signs };
  if (consent !== undefined) return { ...evidence, consent };
  if (isShown(signs)) return evidence;
  throw mayRun(signs, {
    what: `plan ${plan.manifest.id}: the old release may still run`,
    expected: "evidence that no instance of it is left",
    why: "the contract phase takes away what the old release reads and writes, and ends what keeps both forms in step",
    next: [
      "wait until its last instance has ended, then run the same command again",
      `or answer for it: lockstep migrate --phase contract ${plan.manifest.id} --consent "your name: how you know"`,
    ],
  });
}

/**
 * Looks that nothing shows an instance of the new release, before the columns that it uses are taken away.
 * @throws LockstepError `release-may-run`, `usage`
 */
export async function requireNewGone(
  session: Session,
  request: Pick<EvidenceRequest, "plan" | "row" | "environment" | "ttlMs" | "consent">,
): Promise<Evidence> {
  const { plan, row, environment, ttlMs } = request;
  const consent = parseConsent(request.consent, "--consent");
  const signs = [await newByHeartbeats(session, row, { environment, ttlMs })];
  const evidence = { at: new Date().toISOString(), signs };
  if (consent !== undefined) return { ...evidence, consent };
  if (!signs.some(({ says }) => says === "runs")) return evidence;
  throw mayRun(signs, {
    what: `plan ${plan.manifest.id}: the new release may still run`,
    expected: "no instance of a release that did not run when the plan was begun",
    why: "its statements would fail as soon as the second form is gone",
    next: [
      "put the old release back, wait until the last instance of the new one has ended, then run the same command again",
      `or answer for it: lockstep rollback ${plan.manifest.id} --consent "your name: how you know"`,
    ],
  });
}

function isShown(signs: readonly Sign[]): boolean {
  return signs.some(({ says }) => says === "gone") && !signs.some(({ says }) => says === "runs");
}

function mayRun(
  signs: readonly Sign[],
  say: Omit<ConstructorParameters<typeof LockstepError>[1], "found" | "from">,
): LockstepError {
  return new LockstepError("release-may-run", {
    ...say,
    found: signs
      .map(
        ({ source, says, text }) =>
          `${source}: ${says === "unknown" ? "no evidence: " : ""}${text}`,
      )
      .join("\n"),
    from: "lockstep.instance, pg_stat_activity, pg_stat_statements",
  });
}

/**
 * @param option under which it was given
 * @throws LockstepError `usage`
 */
export function parseConsent(text: string | undefined, option: string): Consent | undefined {
  if (text === undefined) return undefined;
  const at = text.indexOf(":");
  const [name, reason] = at < 0 ? ["", ""] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (name !== "" && reason !== "") return { name, reason };
  throw new LockstepError("usage", {
    what: "a consent says who gives it and why",
    expected: `${option} "name: reason"`,
    found: text,
    next: [`${option} "Ada: the last worker of 4.1 was shut down at 14:10"`],
  });
}
