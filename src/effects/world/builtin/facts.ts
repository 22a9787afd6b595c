import {
  casts,
  functions,
  lengthCoercions,
  notStrict,
  operators,
  overloads,
  results,
  stableOperators,
  types,
  type MeasuredFacts,
} from "./measured.ts";
import { extensionRoutines, extensionTypes } from "./measured-extensions.ts";

/** A cast that Postgres has between two of its own types. */
export interface BuiltinCast {
  /** `binary`: no work; `function`: a function is called; `text`: through the text form. */
  readonly method: "binary" | "function" | "text";
  readonly context: "implicit" | "assignment" | "explicit";
  readonly volatility: "immutable" | "stable" | "volatile";
}

/** What one major's built-in functions, operators, casts and types are (measured, see scripts/measure-builtins.mjs). */
export interface BuiltinFacts {
  /** By name; `mixed` when the overloads differ. */
  readonly functions: ReadonlyMap<string, "immutable" | "stable" | "volatile" | "mixed">;
  /** By name, for mixed ones: volatility by argument types. */
  readonly overloads: ReadonlyMap<string, readonly Overload[]>;
  readonly notStrict: ReadonlySet<string>;
  /** Result types of functions without arguments. */
  readonly results: ReadonlyMap<string, string>;
  readonly operators: ReadonlySet<string>;
  /** By name: the operand types with which the operator is only stable. `undefined` for the left of a prefix operator. */
  readonly stableOperators: ReadonlyMap<string, readonly (readonly [string | undefined, string])[]>;
  /** By `source target`, internal names. */
  readonly casts: ReadonlyMap<string, BuiltinCast>;
  /** Types whose values a function makes fit their modifiers: `varchar`, `numeric`, `timestamptz` … */
  readonly lengthCoercions: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  /** Types whose text form depends on settings. */
  readonly stableText: ReadonlySet<string>;
}

interface Overload {
  readonly arguments: readonly string[];
  readonly volatility: "immutable" | "stable" | "volatile";
}

const known = new Map<number, BuiltinFacts>();

/** Facts of a major; those of the nearest measured one when it was not measured. Decoded on first use. */
export function builtinFacts(major: number): BuiltinFacts {
  const nearest = Math.min(Math.max(major, 14), 18);
  let facts = known.get(nearest);
  if (facts === undefined) {
    facts = decode(nearest);
    known.set(nearest, facts);
  }
  return facts;
}

const volatilities = { i: "immutable", s: "stable", v: "volatile", m: "mixed" } as const;
const methods = { b: "binary", f: "function", i: "text" } as const;
const contexts = { i: "implicit", a: "assignment", e: "explicit" } as const;

function decode(major: number): BuiltinFacts {
  const names = (facts: MeasuredFacts) => new Set(entries(facts, major).map(([, name]) => name));
  return {
    functions: new Map(
      entries(functions, major).map(([group, name]) => [name, named(volatilities, group)]),
    ),
    overloads: decodeOverloads(major),
    notStrict: names(notStrict),
    results: new Map(entries(results, major).map(([type, name]) => [name, type])),
    operators: names(operators),
    stableOperators: decodeOperators(major),
    casts: new Map(
      entries(casts, major).map(([group, pair]) => [
        pair,
        {
          method: named(methods, group[0]!),
          context: named(contexts, group[1]!),
          volatility: plain(group[2] ?? "i"),
        },
      ]),
    ),
    lengthCoercions: new Set(
      entries(lengthCoercions, major).map(([, name]) => name.split(" ")[1]!),
    ),
    types: names(types),
    stableText: new Set(
      entries(types, major).flatMap(([group, name]) => (group === "ii" ? [] : [name])),
    ),
  };
}

function decodeOverloads(major: number): ReadonlyMap<string, readonly Overload[]> {
  const found = new Map<string, Overload[]>();
  for (const [group, signature] of entries(overloads, major)) {
    const open = signature.indexOf("(");
    const list = signature.slice(open + 1, -1);
    const overload = {
      arguments: list === "" ? [] : list.split(","),
      volatility: plain(group),
    };
    const name = signature.slice(0, open);
    found.set(name, [...(found.get(name) ?? []), overload]);
  }
  return found;
}

function decodeOperators(
  major: number,
): ReadonlyMap<string, readonly (readonly [string | undefined, string])[]> {
  const found = new Map<string, (readonly [string | undefined, string])[]>();
  for (const [, entry] of entries(stableOperators, major)) {
    const [name = "", left, right = ""] = entry.split(" ");
    found.set(name, [...(found.get(name) ?? []), [left === "-" ? undefined : left, right]]);
  }
  return found;
}

/** What CREATE EXTENSION makes: types, and the functions that SQL can call. A type of its own has no schema yet. */
export interface ExtensionMembers {
  readonly types: readonly string[];
  readonly routines: readonly ExtensionRoutine[];
}

export interface ExtensionRoutine {
  readonly name: string;
  readonly kind: "function" | "aggregate";
  readonly arguments: readonly ExtensionType[];
  readonly volatility: "immutable" | "stable" | "volatile";
  readonly strict: boolean;
  readonly returnsSet: boolean;
  readonly language: string;
  readonly returns: ExtensionType;
}

export interface ExtensionType {
  readonly name: string;
  readonly array: boolean;
  /** True for a type of the extension itself. */
  readonly own: boolean;
}

/** Members of an extension that comes with Postgres; undefined for one that was not measured. */
export function extensionMembers(extension: string, major: number): ExtensionMembers | undefined {
  const nearest = Math.min(Math.max(major, 14), 18);
  const ofExtension = (facts: MeasuredFacts) =>
    entries(
      facts.filter(([, , group]) => group.slice(0, group.lastIndexOf(" ")) === extension),
      nearest,
    );
  const routines = ofExtension(extensionRoutines).map(([group, entry]) =>
    decodeRoutine(group.endsWith(" a"), entry),
  );
  if (routines.length === 0) return undefined;
  return { types: ofExtension(extensionTypes).map(([, name]) => name), routines };
}

function decodeRoutine(isAggregate: boolean, entry: string): ExtensionRoutine {
  const open = entry.indexOf("(");
  const close = entry.indexOf(")");
  const [flags = "", language = "", result = ""] = entry.slice(close + 2).split(" ");
  const list = entry.slice(open + 1, close);
  return {
    name: entry.slice(0, open),
    kind: isAggregate ? "aggregate" : "function",
    arguments: list === "" ? [] : list.split(",").map(decodeType),
    volatility: plain(flags[0] ?? "v"),
    strict: flags.includes("s", 1),
    returnsSet: flags.includes("r", 1),
    language,
    returns: decodeType(result),
  };
}

function decodeType(text: string): ExtensionType {
  const own = text.startsWith("@");
  const name = own ? text.slice(1) : text;
  const array = name.startsWith("_");
  return { name: array ? name.slice(1) : name, array, own };
}

/** Group and name of each entry that holds for the major. */
function entries(facts: MeasuredFacts, major: number): (readonly [string, string])[] {
  return facts
    .filter(([first, last]) => first <= major && major <= last)
    .flatMap(([, , group, names]) => names.split(";").map((name) => [group, name] as const));
}

function named<Value>(table: Readonly<Record<string, Value>>, key: string): Value {
  const value = table[key];
  if (value === undefined) throw new TypeError(`no built-in fact is written as ${key}`);
  return value;
}

function plain(group: string): "immutable" | "stable" | "volatile" {
  const volatility = named(volatilities, group);
  return volatility === "mixed" ? "volatile" : volatility;
}
