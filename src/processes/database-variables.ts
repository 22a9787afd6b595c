/** Names under which projects keep the parts of an address, behind a prefix. */
const parts = {
  host: ["HOST", "HOSTNAME", "SERVER"],
  port: ["PORT"],
  user: ["USER", "USERNAME"],
  password: ["PASSWORD", "PASS"],
  database: ["NAME", "DATABASE", "DB"],
} as const;

const prefixes = ["DB", "DATABASE", "POSTGRES", "POSTGRESQL", "PG", "TYPEORM", "MIKRO_ORM"];

/** What would lead a client elsewhere, whatever else is said (manual 34.15, 34.17). */
const leading = ["PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE"];

/** A URL of Postgres', as any language writes it: `postgresql+psycopg://`, `jdbc:postgresql://`. */
const postgresUrl = /^(?<scheme>(?:jdbc:)?(?:postgres|postgresql|postgis)(?:\+\w+)?):\/\//;

/** The scheme of a URL of Postgres', as any language writes it; undefined when the text is none. */
export function postgresScheme(text: string | undefined): string | undefined {
  return postgresUrl.exec(text ?? "")?.groups?.["scheme"];
}

/** A database's address under a scheme: drivers of Java's take user and password beside it. */
export function underScheme(url: string, scheme: string): string {
  if (!scheme.startsWith("jdbc:")) return url.replace(/^\w+:/, `${scheme}:`);
  const { hostname, port, pathname } = new URL(url);
  return `${scheme}://${hostname}:${port === "" ? "5432" : port}${pathname}`;
}

/**
 * The variables of a command that is to work on one database: those that hold a URL of it, or the parts of its address by the
 * usual names, name that database. Files of variables (`.env`) do not overwrite what is set.
 *
 * @param names variables that the project itself keeps its URL in
 * @param become what a variable that holds a URL of a Postgres is to hold: the database's own URL under its scheme, unless it
 * says otherwise
 */
export function variablesFor(
  url: string,
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  become: (value: string, scheme: string, name: string) => string = (_, scheme) =>
    underScheme(url, scheme),
): Record<string, string | undefined> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const values = {
    host:
      hostname === ""
        ? (searchParams.get("host") ?? "")
        : decodeURIComponent(hostname).replaceAll(/^\[|\]$/g, ""),
    port: port === "" ? "5432" : port,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  };
  const set: Record<string, string | undefined> = { ...env };
  for (const [name, value] of Object.entries(env)) {
    const scheme = postgresScheme(value);
    if (value !== undefined && scheme !== undefined) set[name] = become(value, scheme, name);
  }
  for (const name of leading) delete set[name];
  for (const [part, suffixes] of Object.entries(parts))
    for (const prefix of prefixes)
      for (const suffix of suffixes)
        if (values[part as keyof typeof values] !== "")
          set[prefix === "PG" ? `PG${suffix}` : `${prefix}_${suffix}`] =
            values[part as keyof typeof values];
  for (const name of ["DATABASE_URL", ...names])
    if (postgresScheme(set[name]) === undefined) set[name] = become(url, "postgres", name);
  return set;
}
