import { loadedParser, quoteLiteral } from "../sql/index.ts";
import type { BoundValue } from "./wire/conversation.ts";

/** A value that cannot be written as a literal without knowing more of its type. */
export class NoLiteral extends Error {}

/**
 * A statement with its parameters written as literals. A parameter whose type the client left open becomes a literal of
 * unknown type, which Postgres resolves in the same way (manual 10.3; parse_param.c, variable_coerce_param_hook); one whose
 * type it named gets a cast.
 *
 * @throws NoLiteral for a value in a binary form that is not known here
 */
export function withLiterals(sql: string, values: readonly BoundValue[]): string {
  if (values.length === 0) return sql;
  const bytes = Buffer.from(sql, "utf8");
  let text = "";
  let at = 0;
  for (const { start, end, text: token, tokenName } of loadedParser().scanSync(sql).tokens) {
    if (tokenName !== "PARAM") continue;
    const value = values[Number(token.slice(1)) - 1];
    if (value === undefined) throw new NoLiteral(`${token} has no value`);
    text += bytes.toString("utf8", at, start) + literalOf(value, token);
    at = end;
  }
  return text + bytes.toString("utf8", at);
}

/** Types that have a name of their own, by oid (pg_type.dat). */
const types: ReadonlyMap<number, string> = new Map([
  [16, "boolean"],
  [17, "bytea"],
  [20, "bigint"],
  [21, "smallint"],
  [23, "integer"],
  [25, "text"],
  [114, "json"],
  [700, "real"],
  [701, "double precision"],
  [1042, "character"],
  [1043, "character varying"],
  [1082, "date"],
  [1114, "timestamp"],
  [1184, "timestamptz"],
  [1700, "numeric"],
  [2950, "uuid"],
  [3802, "jsonb"],
]);

function literalOf({ bytes, isBinary, oid }: BoundValue, token: string): string {
  const type = types.get(oid);
  const cast = type === undefined ? "" : `::${type}`;
  if (bytes === undefined) return `NULL${cast}`;
  if (!isBinary) return `${quoteLiteral(bytes.toString("utf8"))}${cast}`;
  const text = textOf(bytes, oid);
  if (text === undefined)
    throw new NoLiteral(`${token} was sent in the binary form of type ${type ?? `oid ${oid}`}`);
  return `${quoteLiteral(text)}${cast}`;
}

/** The text of a value in its binary form (the types' send functions). */
function textOf(bytes: Buffer, oid: number): string | undefined {
  switch (oid) {
    case 16:
      return bytes[0] === 1 ? "true" : "false";
    case 0:
    case 17:
      return `\\x${bytes.toString("hex")}`;
    case 20:
      return String(bytes.readBigInt64BE(0));
    case 21:
      return String(bytes.readInt16BE(0));
    case 23:
      return String(bytes.readInt32BE(0));
    case 700:
      return String(bytes.readFloatBE(0));
    case 701:
      return String(bytes.readDoubleBE(0));
    case 25:
    case 114:
    case 1042:
    case 1043:
      return bytes.toString("utf8");
    case 2950:
      return bytes.toString("hex");
    case 3802:
      // A byte with the version of the form, then its text.
      return bytes[0] === 1 ? bytes.toString("utf8", 1) : undefined;
    default:
      return undefined;
  }
}
