import { Session, sqlState } from "../pg/index.ts";
import { underScheme, variablesFor } from "../processes/index.ts";
import { isSameDatabase } from "./same-database.ts";

/** What every session of the command is to begin with, as `-c` switches of the server's (manual 19.1.4). */
export function sessionOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\s\\]/g, "\\$&")}`)
    .join(" ");
}

/** What is pushed into the command's sessions. */
export interface Pushed {
  /** What they call themselves. */
  readonly name: string;
  /** Switches; undefined where a pooler in between takes none. */
  readonly options: string | undefined;
}

/** The database that a command is to work on. */
export interface Target {
  readonly url: string;
  /** Variables that the project keeps its URL in. */
  readonly names: readonly string[];
  readonly everyUrl?: boolean | undefined;
}

/** How libpq's parameters of TLS are called as variables: those of a URL count for what is connected without it too. */
const tlsVariables: Readonly<Record<string, string>> = {
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
};

/**
 * Whether the server's side of a URL takes switches: older PgBouncers refuse them (`ignore_startup_parameters`), and newer
 * ones those that they do not know.
 * @throws LockstepError why it cannot be reached at all
 */
export async function takesOptions(url: string, options: string): Promise<boolean> {
  try {
    const session = await Session.open({
      url: withOptions(url, options),
      applicationName: "lockstep/watch",
    });
    await session.close();
    return true;
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    // protocol_violation: "unsupported startup parameter: options".
    if (sqlState(cause) === "08P01") return false;
    throw error;
  }
}

/**
 * The command's variables: those through which projects name their database name the target, by URL and by the parts of an
 * address, and pass on to the server what is pushed.
 *
 * @param target.names variables that are the target's, whatever they hold
 * @param target.everyUrl true where variables that hold the URL of another database are to name the target too; otherwise
 * they stay as they are
 */
export function targetVariables(
  { url, names, everyUrl = false }: Target,
  { name: mark, options }: Pushed,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const pushed = (target: string) =>
    options === undefined ? withName(target, mark) : withOptions(target, options);
  const become = (value: string, scheme: string, name: string) => {
    const isHere = isSameDatabase(value, url);
    if (!isHere && !everyUrl && name !== "DATABASE_URL" && !names.includes(name)) return value;
    const own = isHere ? value : underScheme(url, scheme);
    // Drivers of other schemes refuse what they do not know in a URL.
    return /^postgres(?:ql)?$/.test(scheme) ? pushed(own) : own;
  };
  return {
    ...variablesFor(url, names, env, become),
    ...tlsOf(new URL(url).searchParams),
    ...(options === undefined
      ? { PGAPPNAME: mark }
      : { PGOPTIONS: [env["PGOPTIONS"], options].filter(Boolean).join(" ") }),
  };
}

function tlsOf(parameters: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tlsVariables).flatMap(([parameter, variable]) => {
      const value = parameters.get(parameter);
      return value === null ? [] : [[variable, value]];
    }),
  );
}

function withName(url: string, name: string): string {
  const parsed = new URL(url);
  parsed.searchParams.set("application_name", name);
  return parsed.toString();
}

function withOptions(url: string, options: string): string {
  const parsed = new URL(url);
  const before = parsed.searchParams.get("options");
  parsed.searchParams.set("options", [before, options].filter(Boolean).join(" "));
  // Not every client takes a plus for a space.
  return parsed.toString().replaceAll("+", "%20");
}
