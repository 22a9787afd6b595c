/** A value of GitHub's expression language as far as it is known before a run. */
export type Known = string | number | boolean | null | undefined;

type Lookup = (context: string) => Known;

const token = /\s*(&&|\|\||==|!=|<=|>=|[!()<>,[\]]|'(?:[^']|'')*'|[\w*-]+(?:\.[\w*-]+)*)/y;

function tokens(source: string): string[] | undefined {
  const found: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < source.trimEnd().length) {
    const match = token.exec(source);
    if (match === null) return undefined;
    found.push(match[1]!);
  }
  return found;
}

/**
 * True, false, or `undefined` when it depends on what only a run knows. Operators and precedence are those of
 * "Evaluate expressions in workflows and actions" in GitHub's documentation; strings compare without case.
 */
export function evaluate(expression: string, lookup: Lookup): boolean | undefined {
  const bare = expression.trim().replace(/^\$\{\{([\s\S]*)\}\}$/, "$1");
  const words = tokens(bare);
  if (words === undefined || words.length === 0) return undefined;
  const reader = new Reader(words, lookup);
  const value = reader.or();
  return reader.done && value !== undefined ? truthy(value) : undefined;
}

const truthy = (value: Known): boolean =>
  value !== null && value !== false && value !== 0 && value !== "";

class Reader {
  #at = 0;
  readonly #words: readonly string[];
  readonly #lookup: Lookup;

  constructor(words: readonly string[], lookup: Lookup) {
    this.#words = words;
    this.#lookup = lookup;
  }

  get done(): boolean {
    return this.#at >= this.#words.length;
  }

  or(): Known {
    let value = this.#and();
    while (this.#take("||")) {
      const right = this.#and();
      value = value === undefined ? orUnknown(right) : truthy(value) ? value : right;
    }
    return value;
  }

  #and(): Known {
    let value = this.#comparison();
    while (this.#take("&&")) {
      const right = this.#comparison();
      value = value === undefined ? andUnknown(right) : truthy(value) ? right : value;
    }
    return value;
  }

  #comparison(): Known {
    const left = this.#unary();
    const operator = this.#words[this.#at];
    if (operator === undefined || !/^(?:==|!=|<|>|<=|>=)$/.test(operator)) return left;
    this.#at += 1;
    const right = this.#unary();
    if (left === undefined || right === undefined || /[<>]/.test(operator)) return undefined;
    const same = String(left).toLowerCase() === String(right).toLowerCase();
    return operator === "==" ? same : !same;
  }

  #unary(): Known {
    if (this.#take("!")) {
      const value = this.#unary();
      return value === undefined ? undefined : !truthy(value);
    }
    if (this.#take("(")) {
      const value = this.or();
      this.#take(")");
      return value;
    }
    return this.#primary();
  }

  #primary(): Known {
    const word = this.#words[this.#at];
    if (word === undefined) return undefined;
    this.#at += 1;
    if (word.startsWith("'")) return word.slice(1, -1).replaceAll("''", "'");
    if (word === "true" || word === "false") return word === "true";
    if (word === "null") return null;
    if (/^-?\d+$/.test(word)) return Number(word);
    if (this.#take("(")) return this.#call(word);
    if (this.#take("[")) {
      this.or();
      this.#take("]");
      return undefined;
    }
    return this.#lookup(word);
  }

  /** Functions depend on the run; only their arguments are read past. `always()` is true. */
  #call(name: string): Known {
    while (!this.done && !this.#take(")")) {
      const before = this.#at;
      this.or();
      this.#take(",");
      if (this.#at === before) this.#at += 1;
    }
    return name.toLowerCase() === "always" ? true : undefined;
  }

  #take(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at += 1;
    return true;
  }
}

const orUnknown = (right: Known): Known =>
  right !== undefined && truthy(right) ? right : undefined;
const andUnknown = (right: Known): Known =>
  right !== undefined && !truthy(right) ? right : undefined;
