import type { Field, Prisma } from "./client.ts";

/** A value at the edge of what the field's type takes, another one for each variant. */
export function valueOf({ dmmf }: Prisma, field: Field, variant: number): unknown {
  if (field.isList) {
    const one = { ...field, isList: false };
    return [
      valueOf({ dmmf } as Prisma, one, variant),
      valueOf({ dmmf } as Prisma, one, variant + 1),
    ];
  }
  if (field.kind === "enum") {
    const { values } = dmmf.datamodel.enums.find(({ name }) => name === field.type)!;
    return values[variant % values.length]!.name;
  }
  const [native = "", args = []] = field.nativeType ?? [];
  const length = Number(args[0] ?? 0);
  switch (field.type) {
    case "String":
      return textOf(native, length, variant);
    case "Boolean":
      return variant % 2 === 0;
    case "Int":
      return native === "SmallInt" ? 32767 - variant : 2147483647 - variant;
    case "BigInt":
      return 9223372036854775807n - BigInt(variant);
    case "Float":
      return native === "Real" ? variant + 0.5 : variant + 0.12345678901234;
    case "Decimal":
      return decimalOf(native, length, Number(args[1] ?? 0), variant);
    case "DateTime":
      return new Date(momentOf(native, native === "" ? 3 : length, variant));
    case "Json":
      return { b: variant, a: [2] };
    case "Bytes":
      return Uint8Array.from([1, 255, variant]);
    default:
      throw new Error(`no value for a field of type ${field.type}`);
  }
}

function textOf(native: string, length: number, variant: number): string {
  switch (native) {
    case "VarChar":
    case "Char":
      return String(variant).padEnd(length === 0 ? 20 : length, "x");
    case "Uuid":
      return `00000000-0000-4000-8000-${String(variant).padStart(12, "0")}`;
    case "Inet":
      return `10.0.0.${variant % 250}`;
    case "Xml":
      return `<a>${variant}</a>`;
    case "Bit":
      return (variant % 16).toString(2).padStart(length, "0");
    case "VarBit":
      return (variant % 16).toString(2);
    default:
      return `text ${variant}`;
  }
}

function decimalOf(native: string, precision: number, scale: number, variant: number): string {
  if (native === "Money") return `${variant}.25`;
  if (precision === 0) return `1234567890123456${variant}.123456789`;
  const whole = "9".repeat(precision - scale - 3) + String(100 + (variant % 900));
  return `${whole}.${"9".repeat(scale)}`;
}

function momentOf(native: string, precision: number, variant: number): string {
  const two = String(10 + (variant % 40)).padStart(2, "0");
  if (native === "Date") return `2024-01-${10 + (variant % 18)}T00:00:00Z`;
  // A trailing zero, which only a type for moments takes away.
  const seconds = `${two}${precision >= 3 ? ".120" : ""}`;
  return `${native.startsWith("Timetz") || native === "Time" ? "1970-01-01" : "2024-01-02"}T03:04:${seconds}Z`;
}
