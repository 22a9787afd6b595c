import type { Column, Difference } from "../catalog/index.ts";

/** `column-type-changed` → `type of column`, `missing-enum-value` → `enum value`. */
export function describeKind(kind: Difference["kind"]): string {
  const bare = kind.replace(/^(?:missing|extra)-/, "").replace(/-changed$/, "");
  const words = bare.replaceAll("-", " ");
  if (!kind.endsWith("-changed")) return words;
  const part =
    /^(table|column|constraint|index|view|sequence|domain|routine|trigger|rule|extension) (.+)$/.exec(
      words,
    );
  return part === null ? words : `${part[2]} of ${part[1]}`;
}

/** One side of a difference in a line that a person can compare with the other side. */
export function describeValue(kind: Difference["kind"], value: unknown, other: unknown): string {
  if (value === null || value === undefined) return "none";
  if (kind === "column-nullability-changed") return value === true ? "nullable" : "NOT NULL";
  if (typeof value === "string") return oneLine(value);
  if (typeof value !== "object") return JSON.stringify(value) ?? "none";
  if (kind === "missing-column" || kind === "extra-column") return columnText(value as Column);
  const known = value as { readonly definition?: unknown; readonly text?: unknown };
  if (typeof known.definition === "string") return oneLine(known.definition);
  if (typeof known.text === "string") return known.text;
  if (/^(?:missing|extra)-/.test(kind)) return summary(value);
  if (typeof other === "object" && other !== null && !Array.isArray(value))
    return differing(value, other);
  return oneLine(JSON.stringify(value));
}

/** The members that are not the same on both sides: `body SELECT 1`, `enabled true`. */
function differing(value: object, other: object): string {
  const theirs = other as Readonly<Record<string, unknown>>;
  const parts = Object.entries(value).filter(
    ([name, own]) => JSON.stringify(own) !== JSON.stringify(theirs[name]),
  );
  const show = (own: unknown) => (typeof own === "string" ? own : JSON.stringify(own));
  return oneLine(parts.map(([name, own]) => `${name} ${show(own)}`).join(", "));
}

function columnText({ type, nullable, default: fallback }: Column): string {
  return [
    type.text,
    ...(nullable ? [] : ["NOT NULL"]),
    ...(fallback === null ? [] : [`DEFAULT ${fallback}`]),
  ].join(" ");
}

/** What a whole object is, when it has no definition of one line. */
function summary(value: object): string {
  const { columns, labels } = value as {
    readonly columns?: readonly { readonly name: string }[];
    readonly labels?: readonly string[];
  };
  if (labels !== undefined) return oneLine(`with ${labels.join(", ")}`);
  if (columns !== undefined) return oneLine(`with ${columns.map(({ name }) => name).join(", ")}`);
  return "it is there";
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}
