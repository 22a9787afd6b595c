import { suggest } from "../errors/index.ts";
import { namePart, type QualifiedName } from "../sql/index.ts";

/**
 * What becomes of a column's values: `keep` copies them as they are, `null` leaves them out, `mask` is what the type has by default,
 * `fake` keeps length and kinds of characters, `email` makes addresses of example.com, `value` is the same text in every row, `sql` an
 * expression over the row.
 */
export type MaskRule =
  | "keep"
  | "null"
  | "mask"
  | "fake"
  | "email"
  | { readonly value: string }
  | { readonly sql: string };

/** Rules as people write them. */
export interface MaskRules {
  /** By `schema.table.column`, of tables in public also `table.column`; `*` stands for any part of a name. */
  readonly columns?: Readonly<Record<string, MaskRule>>;
  /** By the type's internal name (`timestamptz`, `int4`), for columns that no rule names. */
  readonly types?: Readonly<Record<string, MaskRule>>;
}

/** A column as rules see it. */
export interface NamedColumn {
  /** Its table, and the partitioned tables that it is part of. */
  readonly tables: readonly QualifiedName[];
  readonly column: string;
  /** Internal names of its type: a domain's own first, then what it is made of. */
  readonly types: readonly string[];
}

/** A rule and the words that chose it. */
export interface ChosenRule {
  readonly rule: MaskRule;
  readonly from: string;
}

/** Rules of a config, and which of them were of use. */
export class RuleBook {
  readonly #columns: readonly { key: string; rule: MaskRule; pattern: RegExp; isExact: boolean }[];
  readonly #types: ReadonlyMap<string, MaskRule>;
  readonly #used = new Set<string>();

  constructor({ columns = {}, types = {} }: MaskRules) {
    this.#columns = Object.entries(columns).map(([key, rule]) => ({
      key,
      rule,
      pattern: patternOf(key),
      isExact: !key.includes("*"),
    }));
    this.#types = new Map(Object.entries(types));
  }

  /** The rule of a column: one that names it, else the first pattern that fits, else its type's. */
  ruleFor({ tables, column, types }: NamedColumn): ChosenRule | undefined {
    const names = tables.flatMap((table) => namesOf(table, column));
    const fitting = this.#columns.filter(({ pattern }) => names.some((name) => pattern.test(name)));
    for (const { key } of fitting) this.#used.add(key);
    const chosen = fitting.find(({ isExact }) => isExact) ?? fitting[0];
    if (chosen !== undefined) return { rule: chosen.rule, from: chosen.key };
    for (const type of types) {
      const rule = this.#types.get(type);
      if (rule === undefined) continue;
      this.#used.add(`type ${type}`);
      return { rule, from: `type ${type}` };
    }
    return undefined;
  }

  /** What names nothing, once all columns were asked for: a misspelt rule would leave its column to another one. */
  unused(columns: readonly NamedColumn[]): readonly string[] {
    const known = columns.flatMap(({ tables, column }) =>
      tables.flatMap((table) => namesOf(table, column)),
    );
    const types = [...new Set(columns.flatMap((each) => each.types))];
    return [
      ...this.#columns
        .filter(({ key }) => !this.#used.has(key))
        .map(({ key }) => `sanitise.columns: no column is called ${key}${meant(key, known)}`),
      ...[...this.#types.keys()]
        .filter((type) => !types.includes(type))
        .map((type) => `sanitise.types: no column is of type ${type}${meant(type, types)}`),
    ];
  }
}

function namesOf(table: QualifiedName, column: string): readonly string[] {
  const name = `${table}.${namePart(column)}`;
  return table.startsWith("public.") ? [name, name.slice("public.".length)] : [name];
}

function meant(key: string, known: readonly string[]): string {
  const right = suggest(key, known);
  return right === undefined ? "" : `; did you mean ${right}?`;
}

/** A star stands for what has no dot and no quote: a name that needs quotes has to be written. */
function patternOf(key: string): RegExp {
  const parts = key
    .split("*")
    .map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(String.raw`[^."]*`)}$`);
}
