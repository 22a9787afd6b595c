import { isSameDatabase } from "./same-database.ts";

/** What every session of the command is to begin with, as `-c` switches of the server's (manual 19.1.4). */
export function sessionOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\s\\]/g, "\\$&")}`)
    .join(" ");
}

/**
 * The command's variables: those through which projects name their database name the target, and pass `options` on to the
 * server. Variables that hold the URL of another database stay as they are.
 *
 * @param names variables that are the target's, whatever they hold
 */
export function targetVariables(
  url: string,
  options: string,
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const set = { ...env };
  const { hostname, port, username, password, pathname } = new URL(url);
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && isSameDatabase(value, url)) set[name] = withOptions(value, options);
  for (const name of ["DATABASE_URL", ...names])
    if (env[name] === undefined || !isSameDatabase(env[name], url))
      set[name] = withOptions(url, options);
  return {
    ...set,
    PGHOST: decodeURIComponent(hostname).replaceAll(/^\[|\]$/g, ""),
    PGPORT: port === "" ? "5432" : port,
    ...(username === "" ? {} : { PGUSER: decodeURIComponent(username) }),
    ...(password === "" ? {} : { PGPASSWORD: decodeURIComponent(password) }),
    ...(pathname.length < 2 ? {} : { PGDATABASE: decodeURIComponent(pathname.slice(1)) }),
    PGOPTIONS: [env["PGOPTIONS"], options].filter(Boolean).join(" "),
  };
}

function withOptions(url: string, options: string): string {
  const parsed = new URL(url);
  const before = parsed.searchParams.get("options");
  parsed.searchParams.set("options", [before, options].filter(Boolean).join(" "));
  // Not every client takes a plus for a space.
  return parsed.toString().replaceAll("+", "%20");
}
