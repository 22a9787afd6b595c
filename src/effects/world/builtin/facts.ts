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
