/** Modifiers of a type out of `atttypmod`, as they are written in SQL; empty for none. */
export function decodeModifier(schema: string, type: string, modifier: number): readonly number[] {
  if (modifier < 0) return [];
  if (schema !== "pg_catalog") return [modifier];
  switch (type) {
    case "varchar":
    case "bpchar":
      return [modifier - 4];
    // numeric.c, make_numeric_typmod: precision in the upper half, scale in eleven bits with sign.
    case "numeric": {
      const scale = (modifier - 4) & 0x7ff;
      return [((modifier - 4) >> 16) & 0xffff, (scale ^ 0x400) - 0x400];
    }
    // timestamp.h: range of fields in the upper half, precision in the lower; all bits set means "not given".
    case "interval": {
      const range = (modifier >> 16) & 0x7fff;
      const precision = modifier & 0xffff;
      if (precision !== 0xffff) return [range, precision];
      return range === 0x7fff ? [] : [range];
    }
    default:
      return [modifier];
  }
}
