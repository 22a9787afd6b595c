import { isLockstepError, LockstepError } from "../errors/index.ts";
import { describeTarget, redact } from "./target.ts";

/** What `pg` attaches to an error that came from the server (protocol appendix 53.8). */
export interface ServerError extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly where?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

/** The SQLSTATE of an error from the server, undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as ServerError | undefined)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** True when the session ended under us: the statement's outcome is unknown and must be looked up. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined)
    return state.startsWith("08") || state === "57P01" || state === "57P02" || state === "57P03";
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  return (
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    code === "ETIMEDOUT" ||
    /connection terminated|connection ended|client has encountered a connection error|not queryable/i.test(
      message ?? "",
    )
  );
}

/** What the driver says; a host with several addresses fails with a list of errors and no text of its own. */
function messageOf(error: unknown): string {
  const { message = "", errors = [] } = (error ?? {}) as { message?: string; errors?: Error[] };
  return message || errors.map((each) => each.message).join("; ");
}

/** A failure to connect, explained. Anything not recognised keeps the driver's own text. */
export function explainConnectFailure(error: unknown, url: string): LockstepError {
  if (isLockstepError(error)) return error;
  const where = describeTarget(url);
  const { code = "" } = (error ?? {}) as { code?: string };
  const message = messageOf(error);
  const text = redact(message, url);
  const cause = { cause: error };
  if (
    ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ENOENT"].includes(
      code,
    )
  )
    return new LockstepError(
      "connection-refused",
      {
        what: `cannot reach the database at ${where}`,
        expected: "a Postgres server that accepts connections there",
        found:
          code === "ENOTFOUND" || code === "EAI_AGAIN"
            ? "the host name has no address"
            : text || code,
        why: "the host or port is wrong, the server is down, or a firewall or VPN is in between",
        next: ["check host and port of the URL", "pg_isready -h HOST -p PORT"],
      },
      cause,
    );
  if (code === "ETIMEDOUT" || /timeout/i.test(message))
    return new LockstepError(
      "connection-timeout",
      {
        what: `no answer from the database at ${where}`,
        expected: "a connection within the time limit",
        found: text,
        why: "a firewall drops the packets, or the server has no free connection",
        next: ["check the network path and max_connections, then run the command again"],
      },
      cause,
    );
  if (code === "28000" && /no pg_hba\.conf entry/.test(message) && /no encryption/.test(message))
    return new LockstepError(
      "tls-required",
      {
        what: `the database at ${where} refuses unencrypted connections`,
        expected: "a TLS connection",
        found: text,
        why: "the URL does not ask for TLS; or, if TLS does not help, this machine's address is not admitted",
        next: ["add ?sslmode=require (or verify-full with sslrootcert) to the URL"],
      },
      cause,
    );
  if (code === "28000" && /no pg_hba\.conf entry|pg_hba\.conf rejects/.test(message))
    return new LockstepError(
      "authentication-failed",
      {
        what: `the database admits no login ${where} from here`,
        expected:
          "a line of pg_hba.conf (or an entry of the provider's allow list) for user, database and address",
        found: text,
        why: "this machine's address is not on the list, or user and database do not belong together",
        next: ["add this machine's address, or run the command where the application runs"],
      },
      cause,
    );
  if (/password must be a (non-empty )?string/.test(message))
    return new LockstepError(
      "authentication-failed",
      {
        what: `the database at ${where} asks for a password`,
        expected: "a password in the URL, or in PGPASSWORD",
        found: "none",
        why: "the URL was made from a secret that is unset here",
        next: ["set the secret that the URL is made from; try it with psql"],
      },
      cause,
    );
  if (code === "28P01" || code === "28000" || /SASL/.test(message))
    return new LockstepError(
      "authentication-failed",
      {
        what: `the database refuses the login ${where}`,
        expected: "a user and password it accepts",
        found: text,
        why: "the password was rotated, belongs to another environment, or holds characters that must be percent-encoded in a URL",
        next: ["check which secret the URL is made from; try it with psql"],
      },
      cause,
    );
  if (code === "3D000")
    return new LockstepError(
      "database-missing",
      {
        what: `there is no database of that name at ${where}`,
        expected: "an existing database (Lockstep never creates the target)",
        found: text,
        why: "the last part of the URL is misspelt, or points at another server",
        next: ["list them: psql -l"],
      },
      cause,
    );
  if (/server does not support SSL/i.test(message))
    return new LockstepError(
      "tls-required",
      {
        what: `TLS with ${where} could not be agreed`,
        expected: "a server that offers TLS, as the URL's sslmode demands",
        found: text,
        why: "TLS is off at this server, or something in between does not pass it on",
        next: ["turn TLS on at the server; inside a network you trust: ?sslmode=disable"],
      },
      cause,
    );
  if (
    code === "DEPTH_ZERO_SELF_SIGNED_CERT" ||
    code === "SELF_SIGNED_CERT_IN_CHAIN" ||
    code.startsWith("ERR_TLS") ||
    code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
  )
    return new LockstepError(
      "tls-required",
      {
        what: `TLS with ${where} could not be agreed`,
        expected: "a certificate that the URL's sslmode accepts",
        found: text,
        why: "sslmode asks for more (or for other) than the server offers",
        next: ["give the provider's root certificate: ?sslmode=verify-full&sslrootcert=FILE"],
      },
      cause,
    );
  if (code === "57P03" || code === "53300")
    return new LockstepError(
      "connection-refused",
      {
        what: `the server at ${where} takes no connections now`,
        expected: "a server that is ready and has a free connection",
        found: text,
        why:
          code === "53300"
            ? "all connections are in use"
            : "it is starting up, shutting down or recovering",
        next: ["wait or free connections, then run the command again"],
      },
      cause,
    );
  return new LockstepError(
    "connection-refused",
    {
      what: `cannot open a session at ${where}`,
      found: text || code || "no reason given",
      next: ["try the same URL with psql"],
    },
    cause,
  );
}
