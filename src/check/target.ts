import { readTargetSettings, type TargetSettings } from "../effects/index.ts";
import { Session } from "../pg/index.ts";
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

/** Gives new sessions of a scratch database these settings, whatever its server has. */
export async function adoptSettings(url: string, settings: TargetSettings): Promise<void> {
  await using session = await Session.open({ url, applicationName: "lockstep/scratch" });
  const [[name]] = (await session.queryArrays("SELECT current_database()")) as [[string]];
  const sets = Object.entries(settings).map(
    ([setting, value]) =>
      `ALTER DATABASE ${quoteIdent(name)} SET ${quoteIdent(setting)} TO ${valueOf(setting, value)}`,
  );
  await session.batch(sets.join(";\n"));
}

/** The value of a list stands as a list (GUC_LIST_QUOTE): as one text it would be one name. */
function valueOf(setting: string, value: string): string {
  return setting === "search_path" && value !== "" ? value : quoteLiteral(value);
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
