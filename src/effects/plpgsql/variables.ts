import type { Bindings, Constant } from "./constants.ts";
import { assigned } from "./parse.ts";
import { expressionOf, partsOf, type PlBody, type PlNode } from "./tree.ts";

/**
 * Which variables of a program hold constants where it has come to. A name that is declared twice is never known, for an
 * expression does not tell which one it means.
 */
export class Variables {
  readonly #declared: readonly PlBody[];
  readonly #ambiguous: ReadonlySet<string>;
  #known = new Map<string, Constant>();

  constructor(declared: readonly PlBody[]) {
    this.#declared = declared;
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const { refname } of declared)
      if (refname !== undefined && refname !== unnamed)
        (seen.has(refname) ? twice : seen).add(refname);
    this.#ambiguous = twice;
  }

  get bindings(): Bindings {
    return this.#known;
  }

  /** What is known now, for `restore`. */
  save(): Bindings {
    return new Map(this.#known);
  }

  restore(saved: Bindings): void {
    this.#known = new Map(saved);
  }

  /** The name under which the variable of a number is known; `record.field` for a field. */
  nameOf(number: number | undefined): string | undefined {
    const variable = this.#declared[number ?? -1];
    if (variable?.fieldname === undefined) return variable?.refname;
    const record = this.#declared[variable.recparentno ?? -1]?.refname;
    return record === undefined ? undefined : `${record}.${variable.fieldname}`;
  }

  /** Undefined: it may hold anything. */
  set(name: string | undefined, value: Constant | undefined): void {
    if (name === undefined) return;
    const [head = name] = name.split(".");
    if (value === undefined || this.#ambiguous.has(head)) this.forget(name);
    else this.#known.set(name, value);
  }

  /** A variable, with all its fields when it is a record. */
  forget(name: string): void {
    this.#known.delete(name);
    for (const key of this.#known.keys()) if (key.startsWith(`${name}.`)) this.#known.delete(key);
  }

  forgetAll(): void {
    this.#known.clear();
  }

  /** Whatever the statements may assign to. */
  forgetAssigned(statements: unknown): void {
    for (const number of numbersAssigned(statements)) {
      const name = number === "any" ? undefined : this.nameOf(number);
      if (number === "any") this.forgetAll();
      else if (name !== undefined) this.forget(name);
    }
    for (const name of namesAssigned(statements)) this.forget(name);
  }
}

const unnamed = "(unnamed row)";

/** The variables that INTO, a loop or FETCH names, in order; undefined for a record. */
export function targetNumbers(target: PlNode | undefined): readonly number[] | undefined {
  if (target === undefined) return undefined;
  const { type, body } = partsOf(target);
  return type === "PLpgSQL_row" ? (body.fields ?? []).map(({ varno }) => varno) : undefined;
}

/** A record that INTO or a loop names. */
export function targetRecord(target: PlNode | undefined): string | undefined {
  if (target === undefined) return undefined;
  const { type, body } = partsOf(target);
  return type === "PLpgSQL_rec" ? body.refname : undefined;
}

/** Numbers of the variables that are assigned anywhere in a tree; CALL may assign to any. */
function numbersAssigned(tree: unknown): ReadonlySet<number | "any"> {
  const found = new Set<number | "any">();
  visit(tree, (type, body) => {
    if (type === "PLpgSQL_stmt_call") found.add("any");
    if (typeof body.varno === "number") found.add(body.varno);
    if (typeof body.target === "number") found.add(body.target);
    if (typeof body.dno === "number") found.add(body.dno);
    for (const { varno } of body.fields ?? []) found.add(varno);
  });
  return found;
}

/** Names of records and variables that stand as the target of a statement. */
function namesAssigned(tree: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  visit(tree, (_type, { refname }) => {
    if (refname !== undefined) found.add(refname);
  });
  return found;
}

function visit(tree: unknown, look: (type: string, body: PlBody) => void): void {
  if (typeof tree !== "object" || tree === null) return;
  if (Array.isArray(tree)) {
    for (const item of tree) visit(item, look);
    return;
  }
  for (const [key, value] of Object.entries(tree)) {
    if (key.startsWith("PLpgSQL_") && key !== "PLpgSQL_expr") look(key, value as PlBody);
    visit(value, look);
  }
}

/** True for `a := …`, false for `a[1] := …`. */
export function isWholeAssignment(body: PlBody): boolean {
  const target = assigned(expressionOf(body.expr)?.text ?? "")?.target ?? "";
  return !target.includes("[");
}
