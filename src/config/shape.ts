import { suggest } from "../errors/index.ts";

/** What a value may be. Small enough to read, so that a command does not spend 60 ms on loading a validator. */
export type Shape =
  | { readonly kind: "text" | "flag" | "any" | "httpUrl" | "limit" }
  | { readonly kind: "whole"; readonly least: number }
  | { readonly kind: "choice"; readonly of: readonly (string | number | boolean)[] }
  | { readonly kind: "texts" }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "named"; readonly item: Shape }
  | { readonly kind: "either"; readonly of: readonly Shape[]; readonly expected: string }
  | ObjectShape;

export interface ObjectShape {
  readonly kind: "object";
  readonly keys: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  /** A rule over several keys: what was expected when it is broken. */
  readonly rule?: (value: Readonly<Record<string, unknown>>) => string | undefined;
}

/** One thing that is not right, with the dotted path of its place. Values are not shown: they may be secrets. */
export interface Problem {
  readonly path: string;
  /** The key that does not exist there, for a problem of that kind. */
  readonly unknownKey?: string;
  readonly expected: string;
  readonly found: string;
  readonly fix: string;
}

/** Everything that is not right, in the order of the value's keys; nothing when it fits. */
export function check(value: unknown, shape: Shape, path = "", root = shape): readonly Problem[] {
  switch (shape.kind) {
    case "any":
      return [];
    case "text":
      return typeof value === "string" ? [] : [wrong(path, "a text", value)];
    case "flag":
      return typeof value === "boolean" ? [] : [wrong(path, "true or false", value)];
    case "httpUrl":
      return typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value)
        ? []
        : [wrong(path, "a URL that begins with http:// or https://", value)];
    case "limit":
      return value === null || (Number.isFinite(value) && (value as number) >= 0)
        ? []
        : [wrong(path, "a number, 0 or more, or null for never", value)];
    case "whole":
      return Number.isSafeInteger(value) && (value as number) >= shape.least
        ? []
        : [wrong(path, `a whole number, ${shape.least} or more`, value)];
    case "texts":
      return typeof value === "string"
        ? []
        : Array.isArray(value)
          ? checkList(value, { kind: "text" }, path, root)
          : [wrong(path, "a text, or a list of texts", value)];
    case "choice":
      return checkChoice(value, shape.of, path);
    case "list":
      return Array.isArray(value)
        ? checkList(value, shape.item, path, root)
        : [wrong(path, "a list", value)];
    case "named":
      return isRecord(value)
        ? present(value).flatMap(([name, each]) => check(each, shape.item, join(path, name), root))
        : [wrong(path, "an object, with a name for each entry", value)];
    case "either":
      return shape.of.some((each) => check(value, each, path, root).length === 0)
        ? []
        : [wrong(path, shape.expected, value)];
    case "object":
      return checkObject(value, shape, path, root);
  }
}

function checkList(
  value: readonly unknown[],
  item: Shape,
  path: string,
  root: Shape,
): readonly Problem[] {
  return value.flatMap((each, index) => check(each, item, `${path}[${index}]`, root));
}

function checkChoice(
  value: unknown,
  of: readonly (string | number | boolean)[],
  path: string,
): readonly Problem[] {
  if (of.includes(value as string)) return [];
  const shown = of.map((each) => JSON.stringify(each)).join(", ");
  const right =
    typeof value === "string"
      ? suggest(
          value,
          of.filter((each) => typeof each === "string"),
        )
      : undefined;
  const problem = wrong(path, of.length === 1 ? shown : `one of ${shown}`, value);
  const found =
    typeof value === "string" || typeof value === "number" ? JSON.stringify(value) : problem.found;
  return [
    {
      ...problem,
      found,
      ...(right === undefined ? {} : { fix: `${path}: did you mean ${JSON.stringify(right)}?` }),
    },
  ];
}

function checkObject(
  value: unknown,
  shape: ObjectShape,
  path: string,
  root: Shape,
): readonly Problem[] {
  if (!isRecord(value)) return [wrong(path, "an object", value)];
  const entries = present(value);
  const problems = entries.flatMap(([key, each]) =>
    Object.hasOwn(shape.keys, key)
      ? check(each, shape.keys[key]!, join(path, key), root)
      : [unknown(path, key, shape, root)],
  );
  const missing = (shape.required ?? []).filter((key) => value[key] === undefined);
  for (const key of missing) problems.push(...check(undefined, shape.keys[key]!, join(path, key)));
  const broken = problems.length === 0 ? shape.rule?.(value) : undefined;
  if (broken === undefined) return problems;
  const keys = entries.map(([key]) => key);
  return [
    { path, expected: broken, found: keys.join(", ") || "none", fix: `${path} needs ${broken}` },
  ];
}

function unknown(path: string, key: string, shape: ObjectShape, root: Shape): Problem {
  const here = Object.keys(shape.keys);
  const right = suggest(key, here);
  const elsewhere = right === undefined ? placeOf(key, root) : undefined;
  return {
    path: join(path, key),
    unknownKey: key,
    expected: right === undefined ? `one of ${here.join(", ")}` : `"${right}"`,
    found: `"${key}"`,
    fix:
      right !== undefined
        ? `write "${right}" instead of "${key}"`
        : elsewhere === undefined
          ? `remove "${join(path, key)}"`
          : `move it: "${elsewhere}" is where it belongs`,
  };
}

/** Where a key exists, for one that was written in the wrong place. */
function placeOf(key: string, shape: Shape, path = ""): string | undefined {
  if (shape.kind === "named") return placeOf(key, shape.item, `${path}.NAME`);
  if (shape.kind !== "object") return undefined;
  if (path !== "" && Object.hasOwn(shape.keys, key)) return join(path, key);
  for (const [name, each] of Object.entries(shape.keys)) {
    const found = placeOf(key, each, join(path, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

function wrong(path: string, expected: string, value: unknown): Problem {
  return {
    path,
    expected,
    found: kindOf(value),
    fix: `${path === "" ? "the default export" : path}: write ${expected}`,
  };
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Promise) return "a promise";
  if (typeof value === "string") return value === "" ? "an empty text" : "a text";
  if (typeof value === "object") return "an object";
  return typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : `a ${typeof value}`;
}

/** Keys set to undefined count as left away: `url: process.env.DATABASE_URL` is written so. */
function present(value: Readonly<Record<string, unknown>>): readonly [string, unknown][] {
  return Object.entries(value).filter(([, each]) => each !== undefined);
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Promise)
  );
}
