/** 1234567 → `1.2 MB`. */
export function bytes(value: number): string {
  for (const [size, unit] of [
    [1e12, "TB"],
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ] as const)
    if (Math.abs(value) >= size) return `${(value / size).toFixed(1)} ${unit}`;
  return `${Math.round(value)} bytes`;
}
