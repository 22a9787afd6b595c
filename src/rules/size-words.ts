import type { QualifiedName } from "../sql/index.ts";
import type { RelationSize } from "../effects/index.ts";
import type { RuleContext } from "./rule.ts";

/** What the exported sizes say of a relation; undefined without sizes, or when it is not among them. */
export function sizeOf(context: RuleContext, relation: QualifiedName): RelationSize | undefined {
  return context.sizes?.relations[relation];
}

/** True when the sizes show a table without a single page: not an estimate, since `bytes` is measured. */
export function isEmptyBySizes(context: RuleContext, relation: QualifiedName): boolean {
  return sizeOf(context, relation)?.bytes === 0;
}

/** `about 1.2 million rows, 340 MB`, or undefined when nothing is known. */
export function sizeWords(context: RuleContext, relation: QualifiedName): string | undefined {
  const size = sizeOf(context, relation);
  return size === undefined ? undefined : `${rowWords(size.rows)}, ${byteWords(size.totalBytes)}`;
}

export function rowWords(rows: number): string {
  if (rows >= 1e9) return `about ${short(rows / 1e9)} billion rows`;
  if (rows >= 1e6) return `about ${short(rows / 1e6)} million rows`;
  return `about ${Math.max(0, Math.round(rows)).toLocaleString("en-US")} rows`;
}

function byteWords(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${short(value)} ${units[unit]!}`;
}

function short(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, "");
}
