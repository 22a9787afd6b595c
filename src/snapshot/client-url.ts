/** Parameters of a URL that libpq knows (manual 34.1.2) and that decide how it connects; it refuses all others. */
const known = new Set([
  "application_name",
  "channel_binding",
  "connect_timeout",
  "gssencmode",
  "host",
  "hostaddr",
  "keepalives",
  "options",
  "port",
  "sslcert",
  "sslkey",
  "sslmode",
  "sslrootcert",
  "target_session_attrs",
]);

/** A database's address for a client program: without the password, which goes by the environment, not by `ps`. */
export function clientUrl(url: string): {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
} {
  const parsed = new URL(url);
  const password = decodeURIComponent(parsed.password);
  parsed.password = "";
  const given = parsed.searchParams.get("password") ?? password;
  const kept = [...parsed.searchParams].filter(([name]) => known.has(name));
  parsed.search = new URLSearchParams(kept).toString();
  return { url: parsed.toString(), env: given === "" ? {} : { PGPASSWORD: given } };
}
