import { distinctOf, type ColumnShape } from "../effects/index.ts";

/** How the rows of a column, which `g` counts from 1, get their values, which are numbered from 1 too. */
export interface Draw {
  /** Number of the value, as SQL over `g`. */
  readonly number: string;
  /** How many different values there are. */
  readonly distinct: number;
  /** True when values grow, or fall, with the place of the row. */
  readonly isOrdered: boolean;
  /** Share of nulls. */
  readonly nulls: number;
  /** Condition, as SQL over `g`, under which the value is null; undefined for never. */
  readonly isNull: string | undefined;
}

export interface DrawRequest {
  /** Rows that are to be made. */
  readonly rows: number;
  /** Rows of the table that the shape is of. */
  readonly sourceRows: number;
  readonly shape: ColumnShape | undefined;
  readonly nullable: boolean;
  /** Values there are at the most: rows of a parent, labels of an enum. */
  readonly most: number;
  /** Another one for each column and seed. */
  readonly salt: number;
}

/** Correlation from which on a column counts as ordered. */
const ordered = 0.9;

/** Nothing is known of the column: a hundred values, none missing. */
const unknown: ColumnShape = {
  nulls: 0,
  distinct: 100,
  width: 12,
  correlation: null,
  commonest: [],
};

/** A column of which every row has a value of its own. */
export function everyRow(rows: number): Draw {
  return { number: "g", distinct: rows, isOrdered: true, nulls: 0, isNull: undefined };
}

/** Draws values as the statistics have them: as many, as often, in order or not. */
export function drawFor(request: DrawRequest): Draw {
  const { rows, sourceRows, nullable, most, salt } = request;
  const shape = request.shape ?? unknown;
  const nulls = nullable ? shape.nulls : 0;
  // A share of the rows stays a share; so many values stay so many.
  const own = distinctOf(shape, shape.distinct < 0 ? rows : Math.max(rows, sourceRows));
  const distinct = Math.max(1, Math.min(own, rows, most));
  const isOrdered = Math.abs(shape.correlation ?? 0) > ordered;
  const share = `((${mixed(salt)} & 1048575) / 1048576.0::float8)`;
  const isNull = nulls === 0 ? undefined : `${share} < ${nulls}::float8`;
  const number = isOrdered
    ? inOrder(shape, rows, distinct)
    : byFrequency(shape, { distinct, nulls, share, other: mixed(salt + 1) });
  return { number, distinct, isOrdered, nulls, isNull };
}

/** A number from a row's place that looks like chance and is the same each time (hashfn.c, on every platform of a byte order). */
function mixed(salt: number): string {
  return `pg_catalog.hashint8extended(g, ${salt})`;
}

function inOrder({ correlation }: ColumnShape, rows: number, distinct: number): string {
  const up = distinct === rows ? "g" : `(1 + (g - 1) % ${rows} * ${distinct} / ${rows})`;
  return (correlation ?? 0) > 0 ? up : `(${distinct} + 1 - ${up})`;
}

interface Frequencies {
  readonly distinct: number;
  readonly nulls: number;
  readonly share: string;
  readonly other: string;
}

/** The commonest values are the first ones; all others are equally rare. */
function byFrequency(
  { commonest }: ColumnShape,
  { distinct, nulls, share, other }: Frequencies,
): string {
  const kept = commonest.slice(0, distinct);
  const rest = distinct - kept.length;
  const any = (first: number, many: number) =>
    many === 1 ? `${first}` : `(${first} + (${other} & 9007199254740991) % ${many})`;
  if (kept.length === 0) return any(1, distinct);
  let sum = nulls;
  const limits = kept.map((frequency) => (sum += frequency));
  const bucket = `pg_catalog.width_bucket(${share}, ARRAY[${limits.join(", ")}]::float8[])`;
  return `(CASE WHEN ${share} < ${sum}::float8 THEN 1 + ${bucket} ELSE ${rest === 0 ? any(1, distinct) : any(kept.length + 1, rest)} END)`;
}
