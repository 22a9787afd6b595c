import { readTargetSettings, type TargetSettings } from "../effects/index.ts";
import { LockstepError } from "../errors/index.ts";
import { Session, sqlState } from "../pg/index.ts";
import { quoteIdent, quoteLiteral } from "../sql/index.ts";

/**
 * What a scratch database is told where nothing is known of the target: Postgres' own defaults, and TimeZone UTC, as
 * every hosted Postgres has it. A server given by URL may have others.
 */
const assumed: TargetSettings = {
  timezone: "UTC",
  search_path: '"$user", public',
  standard_conforming_strings: "on",
  datestyle: "ISO, MDY",
  intervalstyle: "postgres",
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  lock_timeout: "0",
  statement_timeout: "0",
};

/** What of the target's settings scratch takes over: no limits, since nothing waits there, and nothing that it may lack. */
const adopted: ReadonlySet<string> = new Set([
  "timezone",
  "search_path",
  "standard_conforming_strings",
  "backslash_quote",
  "datestyle",
  "intervalstyle",
  "default_transaction_isolation",
  "default_transaction_deferrable",
  "check_function_bodies",
  "row_security",
  "array_nulls",
  "transform_null_equals",
]);

/** The settings of a scratch database that stands for a target. */
export function scratchSettings(target: TargetSettings): TargetSettings {
  const own = Object.entries(target).filter(([name]) => adopted.has(name));
  return { ...assumed, ...Object.fromEntries(own) };
}

/**
 * Gives new sessions of a scratch database these settings, whatever its server has.
 * @throws LockstepError `scratch-run-failed` for a value that the server does not know
 */
export async function adoptSettings(url: string, settings: TargetSettings): Promise<void> {
  await using session = await Session.open({ url, applicationName: "lockstep/scratch" });
  const [[name]] = (await session.queryArrays("SELECT current_database()")) as [[string]];
  const sets = Object.entries(settings).map(
    ([setting, value]) =>
      `ALTER DATABASE ${quoteIdent(name)} SET ${quoteIdent(setting)} TO ${valueOf(setting, value)}`,
  );
  try {
    await session.batch(sets.join(";\n"));
  } catch (error) {
    // invalid_parameter_value
    if (sqlState(error) !== "22023") throw error;
    throw unknownValue(error as Error);
  }
}

/**
 * The value of a list stands as a list (GUC_LIST_QUOTE), each name of it quoted: as one text it would be one name, and as it is it
 * would be SQL, which a file of statistics may not bring.
 */
function valueOf(setting: string, value: string): string {
  if (setting !== "search_path") return quoteLiteral(value);
  const names = value.match(/"(?:[^"]|"")*"|[^",\s]+/g) ?? [];
  const plain = names.map((name) =>
    name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase(),
  );
  return plain.length === 0 ? "''" : plain.map(quoteLiteral).join(", ");
}

function unknownValue(cause: Error): LockstepError {
  return new LockstepError(
    "scratch-run-failed",
    {
      what: "the scratch server does not take the target's settings",
      expected: "values of the target's time zone, search_path and texts that it knows",
      found: cause.message,
      from: "the target's settings, or settings in the file of lockstep stats export",
      why: "another build of Postgres knows other time zones, or the file was edited",
      next: [
        "name a server that knows it as scratch: --scratch-url postgres://…",
        "or take the value out of settings in the file",
      ],
    },
    { cause },
  );
}

/** The major version of a server. */
export async function majorAt(url: string): Promise<number> {
  await using session = await Session.open({ url, applicationName: "lockstep/check" });
  return session.major;
}

/** What a target says of itself. */
export interface Target {
  /** Of new sessions. */
  readonly settings: TargetSettings;
  /** Undefined for one that was not connected to. */
  readonly major: number | undefined;
}

/** A target that can be reached. */
export async function targetAt(url: string): Promise<Target> {
  await using session = await Session.open({ url, applicationName: "lockstep/check" });
  return { settings: await readTargetSettings(session), major: session.major };
}
