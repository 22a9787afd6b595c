import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "@babel/parser";

/** A syntax tree node as @babel/parser gives it; members are read by name. */
export interface SyntaxNode {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number } } | null;
  readonly [member: string]: unknown;
}

/** An expression with the file it stands in, which its names belong to. */
export interface Placed {
  readonly file: string;
  readonly node: SyntaxNode;
}

interface Link {
  readonly source: string;
  readonly name: string;
}

interface SourceModule {
  readonly file: string;
  readonly program: SyntaxNode;
  /** Top-level names and what they are set to. */
  readonly names: ReadonlyMap<string, SyntaxNode>;
  readonly imports: ReadonlyMap<string, Link>;
  readonly exports: ReadonlyMap<string, Link | string>;
  readonly starExports: readonly string[];
}

/** Source files read as text and followed through imports and re-exports. Nothing is run. */
export class SourceModules {
  readonly #known = new Map<string, SourceModule | undefined>();

  /** What a module exports under a name, followed to the module that declares it. */
  exported(file: string, name: string, depth = 0): Placed | undefined {
    const module = this.#read(file);
    if (module === undefined || depth > 20) return undefined;
    const target = module.exports.get(name);
    if (typeof target === "string") return this.named(file, target, depth + 1);
    if (target !== undefined) return this.#follow(file, target, depth);
    for (const source of module.starExports) {
      const found = this.#follow(file, { source, name }, depth);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What a name stands for inside a module. */
  named(file: string, name: string, depth = 0): Placed | undefined {
    const module = this.#read(file);
    if (module === undefined || depth > 20) return undefined;
    const node = module.names.get(name);
    if (node !== undefined) return { file, node };
    const link = module.imports.get(name);
    return link === undefined ? undefined : this.#follow(file, link, depth);
  }

  /** The whole module, for a search. */
  program(file: string): SyntaxNode | undefined {
    return this.#read(file)?.program;
  }

  #follow(file: string, { source, name }: Link, depth: number): Placed | undefined {
    const target = findModule(file, source);
    return target === undefined ? undefined : this.exported(target, name, depth + 1);
  }

  #read(file: string): SourceModule | undefined {
    if (!this.#known.has(file)) this.#known.set(file, readModule(file));
    return this.#known.get(file);
  }
}

const endings = ["", ".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx"];

/** A relative import as a file. Packages and path aliases are not followed. */
function findModule(from: string, source: string): string | undefined {
  if (!source.startsWith(".")) return undefined;
  const base = resolve(dirname(from), source);
  // `./orders.js` names orders.ts in TypeScript sources.
  const bases = [base, base.replace(/\.([cm]?)js$/, ".$1ts"), base.replace(/\.js$/, ".tsx")];
  return bases
    .flatMap((path) => [
      ...endings.map((ending) => path + ending),
      ...endings.slice(1).map((ending) => join(path, `index${ending}`)),
    ])
    .find((path) => existsSync(path) && statSync(path).isFile());
}

/** The syntax tree of TypeScript or JavaScript; `file` tells by its ending whether there may be JSX. */
export function parseModule(text: string, file: string): SyntaxNode {
  return parse(text, {
    sourceType: "unambiguous",
    errorRecovery: true,
    plugins: ["typescript", "decorators-legacy", ...(file.endsWith("x") ? ["jsx" as const] : [])],
  }).program as unknown as SyntaxNode;
}

function readModule(file: string): SourceModule | undefined {
  let program: SyntaxNode;
  try {
    program = parseModule(readFileSync(file, "utf8"), file);
  } catch {
    return undefined;
  }
  const names = new Map<string, SyntaxNode>();
  const imports = new Map<string, Link>();
  const exports = new Map<string, Link | string>();
  const starExports: string[] = [];
  for (const statement of nodes(program["body"])) {
    const source = text(child(statement, "source")?.["value"]);
    if (statement.type === "ImportDeclaration" && source !== undefined) {
      for (const specifier of nodes(statement["specifiers"])) {
        const local = nameOf(child(specifier, "local"));
        const imported =
          specifier.type === "ImportDefaultSpecifier"
            ? "default"
            : nameOf(child(specifier, "imported"));
        if (local !== undefined && imported !== undefined)
          imports.set(local, { source, name: imported });
      }
    } else if (statement.type === "ExportAllDeclaration" && source !== undefined) {
      starExports.push(source);
    } else if (statement.type === "ExportNamedDeclaration") {
      for (const name of declare(child(statement, "declaration"), names)) exports.set(name, name);
      for (const specifier of nodes(statement["specifiers"])) {
        const local = nameOf(child(specifier, "local"));
        const exported = nameOf(child(specifier, "exported"));
        if (local !== undefined && exported !== undefined)
          exports.set(exported, source === undefined ? local : { source, name: local });
      }
    } else if (statement.type === "ExportDefaultDeclaration") {
      const declared = child(statement, "declaration");
      if (declared !== undefined) names.set("default", declared);
      exports.set("default", "default");
    } else declare(statement, names);
  }
  return { file, program, names, imports, exports, starExports };
}

function declare(
  statement: SyntaxNode | undefined,
  names: Map<string, SyntaxNode>,
): readonly string[] {
  if (statement?.type === "FunctionDeclaration") {
    const name = nameOf(child(statement, "id"));
    if (name === undefined) return [];
    names.set(name, statement);
    return [name];
  }
  if (statement?.type !== "VariableDeclaration") return [];
  return nodes(statement["declarations"]).flatMap((declarator) => {
    const name = nameOf(child(declarator, "id"));
    const value = child(declarator, "init");
    if (name === undefined || value === undefined) return [];
    names.set(name, value);
    return [name];
  });
}

/** The members of a list that are nodes. */
export function nodes(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** A member that is a node. */
export function child(node: SyntaxNode, member: string): SyntaxNode | undefined {
  const value = node[member];
  return isNode(value) ? value : undefined;
}

/** The text of an identifier or string literal. */
export function nameOf(node: SyntaxNode | undefined): string | undefined {
  if (node?.type === "Identifier") return text(node["name"]);
  return node?.type === "StringLiteral" ? text(node["value"]) : undefined;
}

export function lineOf(node: SyntaxNode): number {
  return node.loc?.start.line ?? 1;
}

/** Every node below, the node itself first. */
export function* walk(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const [member, value] of Object.entries(node)) {
    if (member === "loc" || member.endsWith("Comments")) continue;
    if (isNode(value)) yield* walk(value);
    else if (Array.isArray(value)) for (const item of nodes(value)) yield* walk(item);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === "object" && value !== null && typeof (value as SyntaxNode).type === "string"
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
