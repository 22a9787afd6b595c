/** Names under which projects keep the parts of an address, behind a prefix. */
const parts = {
  host: ["HOST", "HOSTNAME", "SERVER"],
  port: ["PORT"],
  user: ["USER", "USERNAME"],
  password: ["PASSWORD", "PASS"],
  database: ["NAME", "DATABASE", "DB"],
} as const;

const prefixes = ["DB", "DATABASE", "POSTGRES", "POSTGRESQL", "PG", "TYPEORM", "MIKRO_ORM"];

/** What would lead a client elsewhere, whatever else is said. */
const leading = [
  "PGHOSTADDR",
  "PGSERVICE",
  "PGSERVICEFILE",
  "PGPASSFILE",
  "PGOPTIONS",
  "PGSSLMODE",
];

/** A URL of Postgres', as any language writes it: `postgresql+psycopg://`, `jdbc:postgresql://`. */
const postgresUrl = /^(?<scheme>(?:jdbc:)?(?:postgres|postgresql|postgis)(?:\+\w+)?):\/\//;

/**
 * The variables of a command that is to work on one database: every one that holds a URL of a Postgres, or is usually asked
 * for one, names that database. Files of variables (`.env`) do not overwrite what is set.
 *
 * @param names variables that the project itself keeps its URL in
 */
export function variablesFor(
  url: string,
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const values = {
    host: hostname,
    port: port === "" ? "5432" : port,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  };
  const set: Record<string, string | undefined> = { ...env };
  for (const [name, value] of Object.entries(env)) {
    const scheme = postgresUrl.exec(value ?? "")?.groups?.["scheme"];
    if (scheme === undefined) continue;
    set[name] = scheme.startsWith("jdbc:")
      ? `${scheme}://${values.host}:${values.port}/${values.database}`
      : url.replace(/^\w+:/, `${scheme}:`);
  }
  for (const name of leading) delete set[name];
  for (const [part, suffixes] of Object.entries(parts))
    for (const prefix of prefixes)
      for (const suffix of suffixes)
        if (values[part as keyof typeof values] !== "")
          set[prefix === "PG" ? `PG${suffix}` : `${prefix}_${suffix}`] =
            values[part as keyof typeof values];
  for (const name of ["DATABASE_URL", ...names])
    if (!postgresUrl.test(set[name] ?? "")) set[name] = url;
  return set;
}
