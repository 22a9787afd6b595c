import { readServerFacts, sqlState, type Queryable } from "../pg/index.ts";
import { quoteIdent } from "../sql/index.ts";
import { all } from "./all.ts";
import {
  worst,
  worstFirst,
  type Diagnosis,
  type Examination,
  type Patient,
  type Verdict,
} from "./examination.ts";
import { readProvider } from "./provider.ts";

/** What was found by one examination, the worst first. */
export interface Examined {
  readonly name: string;
  readonly question: string;
  /** The worst of its diagnoses. */
  readonly verdict: Verdict;
  readonly diagnoses: readonly Diagnosis[];
}

/** What `lockstep doctor` knows of one database. */
export interface DoctorReport {
  readonly version: 1;
  readonly environment: string;
  readonly database: string;
  readonly server: string;
  /** Who runs the server, as far as its catalog shows it. */
  readonly provider: string | undefined;
  readonly takenAt: Date;
  readonly examined: readonly Examined[];
}

export interface DoctorOptions {
  readonly environment: string;
  readonly url: string;
  /** From how many seconds on a transaction is long; 60 by default. */
  readonly longSeconds?: number;
}

/**
 * Looks at everything that would hurt a change to this database, or its way back. It only reads. Each examination stands
 * for itself: one that fails, or that the role may not make, is `unknown` and says why.
 */
export async function examine(
  database: Queryable,
  { environment, url, longSeconds = 60 }: DoctorOptions,
): Promise<DoctorReport> {
  const facts = await readServerFacts(database);
  const { rows } = await database.query<{ now: Date }>("SELECT pg_catalog.now() AS now");
  const provider = await readProvider(database);
  const patient: Patient = { database, url, facts, provider, now: rows[0]!.now, longSeconds };
  const examined: Examined[] = [];
  for (const examination of all) examined.push(await make(examination, patient));
  return {
    version: 1,
    environment,
    database: facts.database,
    server: facts.version.split(" on ", 1)[0]!,
    provider: provider?.name,
    takenAt: patient.now,
    examined,
  };
}

async function make(examination: Examination, patient: Patient): Promise<Examined> {
  const { name, question } = examination;
  const diagnoses = worstFirst(await diagnose(examination, patient));
  return { name, question, verdict: worst(diagnoses.map(({ verdict }) => verdict)), diagnoses };
}

/** A query that fails is an answer too; that the connection is gone ends the whole. */
async function diagnose(examination: Examination, patient: Patient): Promise<readonly Diagnosis[]> {
  try {
    return await examination.examine(patient);
  } catch (error) {
    const state = sqlState(error);
    if (state === undefined || state.startsWith("08") || state.startsWith("57P")) throw error;
    return [unseen(state, error instanceof Error ? error.message : String(error), patient)];
  }
}

/** Some facts can only be read by opening the table: behind somebody's lock they are not waited for. */
function unseen(state: string, message: string, { facts }: Patient): Diagnosis {
  const isLocked = state === "55P03" || state === "57014";
  return {
    verdict: "unknown",
    found: `the server's answer was ${state}: ${message}`,
    means: "this could not be looked at, and is not taken for good",
    next:
      state === "42501"
        ? [`GRANT pg_monitor TO ${quoteIdent(facts.user)}`]
        : [...(isLocked ? ["lockstep blockers"] : []), "lockstep doctor, again"],
  };
}
