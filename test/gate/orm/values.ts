import type { MappedField } from "./mapper.ts";

/** A value at the edge of what the field's type takes, another one for each variant. */
export function valueOf(field: MappedField, variant: number): unknown {
  const { type, labels, form } = field;
  if (form === "json") return { b: variant };
  if (form === "list") return [`a${variant}`, "b"];
  if (form === "point") return { x: variant, y: 2 };
  if (form === "range" && type === "int4range") return [variant, variant + 5];
  if (form === "range") return [variant, variant + 0.5].map((hour) => new Date(hour * 3_600_000));
  if (type.endsWith("[]")) {
    const one = { ...field, type: type.slice(0, -2) };
    return [valueOf(one, variant), valueOf(one, variant + 1)];
  }
  if (labels.length > 0) return labels[variant % labels.length];
  const [, base = type, modifiers = "", rest = ""] = /^([^(]*)(?:\(([^)]*)\))?(.*)$/.exec(type)!;
  const [first = 0, second = 0] = modifiers.split(",").filter(Boolean).map(Number);
  switch (`${base}${rest}`.replace(/^public\./, "")) {
    case "smallint":
      return 32767 - variant;
    case "integer":
      return 2147483647 - variant;
    case "bigint":
      return String(9223372036854775807n - BigInt(variant));
    case "real":
      return variant + 0.5;
    case "double precision":
      return variant + 0.12345678901234;
    case "numeric":
      return decimal(first, second, variant);
    case "money":
      return `${variant}.25`;
    case "boolean":
      return variant % 2 === 0;
    case "character varying":
    case "character":
    case "text":
    case "citext":
      return text(base, first, variant);
    case "uuid":
      return `00000000-0000-4000-8000-${String(variant).padStart(12, "0")}`;
    case "date":
      return `2024-01-${10 + (variant % 18)}`;
    case "time without time zone":
      return `03:04:${10 + (variant % 40)}`;
    case "time with time zone":
      return `03:04:${10 + (variant % 40)}+00`;
    case "timestamp without time zone":
    case "timestamp with time zone":
      return new Date(`2024-01-02T03:04:${10 + (variant % 40)}.120Z`);
    case "interval":
      return `${variant} hours`;
    case "json":
    case "jsonb":
      return { b: variant, a: [2] };
    case "bytea":
      return Buffer.from([1, 255, variant]);
    case "inet":
      return `10.0.0.${variant % 250}`;
    case "cidr":
      return `10.${variant % 250}.0.0/16`;
    case "macaddr":
      return `08:00:2b:01:02:${String(10 + (variant % 80))}`;
    case "hstore":
      return `"a"=>"${variant}"`;
    case "bit":
      return (variant % 16).toString(2).padStart(first, "0");
    case "xml":
      return `<a>${variant}</a>`;
    case "tsvector":
      return `'word${variant}'`;
    case "int4range":
      return `[${variant},${variant + 5})`;
    case "tstzrange":
      return `["2024-01-01 ${String(variant % 24).padStart(2, "0")}:00:00+00","2024-01-01 ${String(variant % 24).padStart(2, "0")}:30:00+00")`;
    case "point":
      return `(${variant},2)`;
    case "box":
      return `(${variant + 1},1),(0,0)`;
    default:
      throw new Error(`no value for a column of type ${type}`);
  }
}

function text(base: string, length: number, variant: number): string {
  const own = `${variant}`;
  return length === 0
    ? `text ${own}`
    : base === "character"
      ? own.padStart(length, "x").slice(-length)
      : own.padEnd(length, "x");
}

function decimal(precision: number, scale: number, variant: number): string {
  if (precision === 0) return `1234567890123456${variant}.123456789`;
  const whole = "9".repeat(precision - scale - 3) + String(100 + (variant % 900));
  return `${whole}.${"9".repeat(scale)}`;
}

const unordered = /^(?:json|xml|point|box)$/;

/** True for what ORDER BY and comparisons take. */
export function isOrdered({ type }: MappedField): boolean {
  return !unordered.test(type);
}

/** How queries use a field. */
export function usualCondition(field: MappedField): "equal" | "above" | "containing" | undefined {
  const { type, labels, form } = field;
  if (form !== "plain" || !isOrdered(field) || type.endsWith("[]")) return undefined;
  if (/^(?:jsonb|tsvector|bytea|public\.hstore)$/.test(type)) return undefined;
  if (/^(?:text|character varying.*|public\.citext)$/.test(type)) return "containing";
  if (
    labels.length > 0 ||
    /^(?:boolean|uuid|bit|inet|cidr|macaddr|.*range|character\b(?! varying).*)/.test(type)
  )
    return "equal";
  return "above";
}
