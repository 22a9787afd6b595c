import { LockstepError } from "../errors/index.ts";

/** A database address taken apart, without its password. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * Reads a `postgres://` URL (a socket directory may stand in `?host=`).
 * @throws LockstepError `usage` when it is not one; the text of the URL is not repeated, it may hold a password
 */
export function parseTarget(url: string): Target {
  let parsed: URL;
  try {
    parsed = new URL(url);
    if (parsed.protocol !== "postgres:" && parsed.protocol !== "postgresql:") throw new TypeError();
    if (isCutShort(parsed)) throw new TypeError();
  } catch {
    throw new LockstepError("usage", {
      what: "the database URL cannot be read",
      expected: "postgres://user:password@host:5432/database",
      found:
        url.trim() === ""
          ? "an empty text"
          : "a text of another form (not shown: it may hold a password)",
      why: "an environment variable is unset, or a password holds @ : / ? # without percent-encoding",
      next: ["percent-encode the password (encodeURIComponent) and set the URL again"],
    });
  }
  const user = decode(parsed.username) || process.env["PGUSER"] || "postgres";
  return {
    host: parsed.searchParams.get("host") ?? (decode(parsed.hostname) || "localhost"),
    port: Number(parsed.searchParams.get("port") ?? (parsed.port || 5432)),
    database: decode(parsed.pathname.slice(1)) || user,
    user,
  };
}

/**
 * A password with a bare / ? or # ends the host early: `postgres://me:12/3@db/shop` would be host `me`, port 12 and
 * database `3@db/shop`, half of the password shown as a name.
 */
function isCutShort(url: URL): boolean {
  return url.username === "" && `${url.pathname}${url.search}${url.hash}`.includes("@");
}

/** `user@host:port/database`: what may be shown of an address. */
export function describeTarget(target: Target | string): string {
  const { host, port, database, user } = typeof target === "string" ? parseTarget(target) : target;
  return `${user}@${host}:${port}/${database}`;
}

/**
 * `text` with every password it may hold replaced by `***`: those in URLs within it, and those of the given URLs,
 * plain and percent-encoded, wherever they stand.
 */
export function redact(text: string, ...urls: readonly string[]): string {
  let clean = text.replaceAll(/(postgres(?:ql)?:\/\/[^\s:@/]*):\S*@/g, "$1:***@");
  for (const secret of urls.flatMap(passwordsOf))
    if (secret.length > 2) clean = clean.replaceAll(secret, "***");
  return clean;
}

function passwordsOf(url: string): readonly string[] {
  const found = [process.env["PGPASSWORD"] ?? ""];
  try {
    const { password, searchParams } = new URL(url);
    found.push(password, searchParams.get("password") ?? "", searchParams.get("sslpassword") ?? "");
  } catch {
    // What cannot be read as a URL cannot be connected to either.
  }
  return [...new Set(found.flatMap((each) => [each, decode(each), encodeURIComponent(each)]))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
