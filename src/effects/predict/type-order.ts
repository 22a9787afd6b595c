import { findType, type TypeUse, type World } from "../world/index.ts";

/** Built-in types without a default operator class for B-tree (pg_opclass, the same on 14 to 18). */
const withoutOrder: ReadonlySet<string> = new Set([
  "aclitem",
  "box",
  "cid",
  "circle",
  "json",
  "jsonpath",
  "line",
  "lseg",
  "path",
  "point",
  "polygon",
  "xid",
  "xml",
]);

/** True for a type that no btree index is for, unless an operator class is named. */
function hasNoOrder({ schema, name, array }: TypeUse): boolean {
  return schema === "pg_catalog" && !array && withoutOrder.has(name);
}

/** What a type is to operator classes of kinds of types, when it is none of Postgres' own scalar ones. */
type Kind = "array" | "enum" | "multirange" | "range" | "record";

const ranges = words("int4range int8range numrange daterange tsrange tstzrange");
const multiranges = words(
  "int4multirange int8multirange nummultirange datemultirange tsmultirange tstzmultirange",
);

const scalars =
  "bool bpchar bytea char date float4 float8 inet int2 int4 int8 interval macaddr macaddr8 money name numeric oid oidvector pg_lsn text tid time timestamp timestamptz timetz uuid xid8";

/** Built-in types, and kinds of types, with a default operator class (pg_opclass, the same on 14 to 18). */
const classes: Readonly<Record<string, ReadonlySet<string>>> = {
  brin: words(
    "bit bpchar bytea char date float4 float8 inet int2 int4 int8 interval macaddr macaddr8 name numeric oid pg_lsn range text tid time timestamp timestamptz timetz uuid varbit box",
  ),
  gin: words("array jsonb tsvector"),
  gist: words("box circle multirange point polygon range tsquery tsvector"),
  hash: words(`${scalars} aclitem array cid enum jsonb multirange range record xid`),
  spgist: words("box inet point polygon range text"),
};

/** Types that are taken as another one without a change of their bytes (pg_cast, castmethod b). */
const taken: Readonly<Record<string, string>> = {
  cidr: "inet",
  regclass: "oid",
  regcollation: "oid",
  regconfig: "oid",
  regdictionary: "oid",
  regnamespace: "oid",
  regoper: "oid",
  regoperator: "oid",
  regproc: "oid",
  regprocedure: "oid",
  regrole: "oid",
  regtype: "oid",
  varchar: "text",
};

/** Access methods for which an extension brings default classes of Postgres' own types, of those with Postgres' sources. */
const bringing: Readonly<Record<string, string>> = {
  bloom: "bloom",
  btree_gin: "gin",
  btree_gist: "gist",
  intarray: "gist",
};

const bringingNone = words(
  "adminpack amcheck autoinc citext cube dblink dict_int dict_xsyn earthdistance file_fdw fuzzystrmatch hstore insert_username intagg isn lo ltree moddatetime old_snapshot pageinspect pg_buffercache pg_freespacemap pg_logicalinspect pg_prewarm pg_stat_statements pg_surgery pg_trgm pg_visibility pg_walinspect pgcrypto pgrowlocks pgstattuple plperl plperlu plpgsql plpython3u pltcl pltclu postgres_fdw refint seg sslinfo tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp xml2",
);

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}

/** True when no index of the method can be made for the type unless an operator class is named. */
export function lacksOperatorClass(world: World, method: string, type: TypeUse): boolean {
  if (method === "btree") return hasNoOrder(type);
  const known = classes[method];
  if (known === undefined || type.schema === undefined) return false;
  if (mayHaveMore(world, method)) return false;
  const kind = kindOf(world, type);
  if (kind !== undefined) return !known.has(kind);
  return type.schema === "pg_catalog" && !known.has(taken[type.name] ?? type.name);
}

/** True when an extension or the files may have made default classes. */
function mayHaveMore({ extensions, operatorClasses }: World, method: string): boolean {
  return (
    operatorClasses.has(method) ||
    [...extensions].some((name) => !bringingNone.has(name) && (bringing[name] ?? method) === method)
  );
}

function kindOf(world: World, type: TypeUse): Kind | undefined {
  if (type.array) return "array";
  if (type.schema === "pg_catalog") {
    if (ranges.has(type.name)) return "range";
    return multiranges.has(type.name) ? "multirange" : undefined;
  }
  const kind = findType(world, type)?.kind;
  if (kind === "composite") return "record";
  return kind === "enum" || kind === "range" || kind === "multirange" ? kind : undefined;
}

/** Undefined for a type that is not known. */
export function isRange(world: World, type: TypeUse): boolean | undefined {
  if (type.schema === undefined) return undefined;
  const kind = kindOf(world, type);
  return kind === "range" || kind === "multirange";
}
