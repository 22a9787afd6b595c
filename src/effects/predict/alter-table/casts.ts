/**
 * Casts between built-in types (pg_cast; the same on 14 to 18 but for bytea and integers, 18). A letter for the context
 * in which it is applied: i implicit, a assignment, e explicit only; then how: b binary-coercible, f function, i text form.
 */
const listed =
  "bit>int4:ef bit>int8:ef bit>varbit:ib bool>bpchar:af bool>int4:ef bool>text:af bool>varchar:af box>circle:ef " +
  "box>lseg:ef box>point:ef box>polygon:af bpchar>char:af bpchar>name:if bpchar>text:if bpchar>varchar:if " +
  "bpchar>xml:ef bytea>int2:ef bytea>int4:ef bytea>int8:ef char>bpchar:af char>int4:ef char>text:if char>varchar:af " +
  "cidr>bpchar:af cidr>inet:ib cidr>text:af cidr>varchar:af circle>box:ef circle>point:ef circle>polygon:ef " +
  "date>timestamp:if date>timestamptz:if daterange>datemultirange:ef float4>float8:if float4>int2:af float4>int4:af " +
  "float4>int8:af float4>numeric:af float8>float4:af float8>int2:af float8>int4:af float8>int8:af float8>numeric:af " +
  "inet>bpchar:af inet>cidr:af inet>text:af inet>varchar:af int2>bytea:ef int2>float4:if int2>float8:if int2>int4:if " +
  "int2>int8:if int2>numeric:if int2>oid:if int4>bit:ef int4>bool:ef int4>bytea:ef int4>char:ef int4>float4:if " +
  "int4>float8:if int4>int2:af int4>int8:if int4>money:af int4>numeric:if int4>oid:ib int4range>int4multirange:ef " +
  "int8>bit:ef int8>bytea:ef int8>float4:if int8>float8:if int8>int2:af int8>int4:af int8>money:af int8>numeric:if " +
  "int8>oid:if int8range>int8multirange:ef interval>time:af json>jsonb:ai jsonb>bool:ef jsonb>float4:ef " +
  "jsonb>float8:ef jsonb>int2:ef jsonb>int4:ef jsonb>int8:ef jsonb>json:ai jsonb>numeric:ef lseg>point:ef " +
  "macaddr>macaddr8:if macaddr8>macaddr:if money>numeric:af name>bpchar:af name>text:if name>varchar:af " +
  "numeric>float4:if numeric>float8:if numeric>int2:af numeric>int4:af numeric>int8:af numeric>money:af " +
  "numrange>nummultirange:ef oid>int4:ab oid>int8:af path>polygon:af point>box:af polygon>box:ef polygon>circle:ef " +
  "polygon>path:af polygon>point:ef text>bpchar:ib text>char:af text>name:if text>varchar:ib text>xml:ef " +
  "time>interval:if time>timetz:if timestamp>date:af timestamp>time:af timestamp>timestamptz:if timestamptz>date:af " +
  "timestamptz>time:af timestamptz>timestamp:af timestamptz>timetz:af timetz>time:af tsrange>tsmultirange:ef " +
  "tstzrange>tstzmultirange:ef varbit>bit:ib varchar>bpchar:ib varchar>char:af varchar>name:if varchar>text:ib " +
  "varchar>xml:ef xid8>xid:ef xml>bpchar:ab xml>text:ab xml>varchar:ab";

/** A cast between two types. */
export interface Cast {
  readonly context: "implicit" | "assignment" | "explicit";
  /** True when the bytes of a value stay as they are. */
  readonly binary: boolean;
}

const contexts = { i: "implicit", a: "assignment", e: "explicit" } as const;

let known: ReadonlyMap<string, Cast> | undefined;

function casts(): ReadonlyMap<string, Cast> {
  known ??= new Map(
    listed.split(" ").map((entry) => {
      const [pair = "", how = ""] = entry.split(":");
      const context = contexts[how[0] as keyof typeof contexts];
      return [pair, { context, binary: how[1] === "b" }];
    }),
  );
  return known;
}

const strings: ReadonlySet<string> = new Set(["text", "varchar", "bpchar", "name"]);
const text: ReadonlySet<string> = new Set(["text", "varchar", "bpchar"]);

/** True for text, varchar and character. */
export function isText(type: string): boolean {
  return text.has(type);
}

/**
 * The cast from one type of pg_catalog to another; undefined when there is none. Everything has a text form: to string types
 * that is an assignment cast, from them an explicit one (parse_coerce.c, find_coercion_pathway).
 */
export function castBetween(from: string, to: string): Cast | undefined {
  const found = casts().get(`${from}>${to}`);
  if (found !== undefined) return found;
  if (text.has(to)) return { context: "assignment", binary: false };
  if (strings.has(from)) return { context: "explicit", binary: false };
  return undefined;
}
