import { LockstepError } from "../errors/index.ts";
import type { Queryable } from "../pg/index.ts";
import { maskLiterals, parseSql, type ParseNode, type Statement } from "../sql/index.ts";
import {
  callsIn,
  mayName,
  reachOfFunction,
  reachOfKind,
  reachOfWords,
  rolesCreatedIn,
  type Reach,
} from "./reach.ts";
import { wordsInCode } from "./words-in-code.ts";

/** What a statement does beyond its database. */
export interface Reaching {
  readonly reach: Reach;
  /** The function that does it, or the kind of the statement. */
  readonly by: string;
  /** True when the statement may also change the catalog: then it cannot be left out unnoticed. */
  readonly leavesTraces: boolean;
}

/** Text of SQL that is to be replayed. */
interface SqlFile {
  readonly sql: string;
  readonly file: string;
}

/**
 * Keeps statements that are run on scratch from reaching beyond their database. Two things are at stake. A server that was
 * given by URL is somebody's, with other databases, roles and sessions. And a server of our own runs as the user who
 * asked, on their machine: a program started by COPY, a file written, a connection to another server are as real there.
 * On our own server, code that ends or wakes sessions reaches nobody else and may run.
 *
 * It knows what stands in the text of statements and of functions that it has seen. It is no wall against code that hides
 * what it does, or is written in another language.
 */
export class Confinement {
  readonly #isShared: boolean;
  readonly #keepsRoles: boolean;
  /** Routines whose bodies reach beyond, by name. */
  readonly #routines = new Map<string, Reach>();
  /** Tables on which a trigger runs one of them. */
  readonly #triggered = new Map<string, string>();
  readonly #roles = new Set<string>();
  readonly #known = new WeakMap<Statement, Reaching | undefined>();

  /**
   * @param isShared true for a server that was given by URL
   * @param keepsRoles true when roles are not changed either: left out, so on such a server only
   */
  constructor({
    isShared,
    keepsRoles = isShared,
  }: {
    readonly isShared: boolean;
    readonly keepsRoles?: boolean;
  }) {
    this.#isShared = isShared;
    this.#keepsRoles = keepsRoles;
  }

  /**
   * Roles that statements so far would have made where roles are not changed: they are to be made without rights or logins,
   * and taken back.
   */
  get roles(): readonly string[] {
    return [...this.#roles];
  }

  /** Learns of the routines that a database holds already. */
  async learnRoutines(database: Queryable): Promise<void> {
    const { rows } = await database.query<{ name: string; body: string }>(
      `SELECT p.proname AS name, p.prosrc AS body
         FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        WHERE l.lanname NOT IN ('c', 'internal')
          AND p.pronamespace NOT IN ('pg_catalog'::pg_catalog.regnamespace, 'information_schema'::pg_catalog.regnamespace)`,
    );
    let known: number;
    do {
      known = this.#routines.size;
      for (const { name, body } of rows) this.#addRoutine(name, body);
    } while (this.#routines.size > known);
  }

  /** What a statement does beyond its database; undefined for nothing. To be asked for every statement, in order. */
  reachOf(statement: Statement): Reaching | undefined {
    if (!this.#known.has(statement)) this.#known.set(statement, this.#find(statement));
    return this.#known.get(statement);
  }

  #find(statement: Statement): Reaching | undefined {
    const { kind, node, sql } = statement;
    if (this.#keepsRoles && "CreateRoleStmt" in node)
      this.#roles.add(node.CreateRoleStmt.role ?? "");
    const own = reachOfKind(statement, this.#keepsRoles);
    if (own !== undefined) return { reach: own, by: kind, leavesTraces: false };
    if (this.#routines.size === 0 && !mayName(sql)) return undefined;
    if ("CreateFunctionStmt" in node) {
      this.#addRoutine(lastName(node.CreateFunctionStmt.funcname), sql);
      return undefined;
    }
    if ("CreateTrigStmt" in node) {
      const { funcname, relation } = node.CreateTrigStmt;
      const name = lastName(funcname);
      if (this.#routines.has(name)) this.#triggered.set(relation?.relname ?? "", name);
      return undefined;
    }
    if ("CreateEventTrigStmt" in node) {
      const name = lastName(node.CreateEventTrigStmt.funcname);
      const reach = this.#routines.get(name);
      return reach === undefined ? undefined : { reach, by: name, leavesTraces: true };
    }
    if (stored.has(kind)) return undefined;
    return "DoStmt" in node ? this.#inCode(sql) : this.#called(statement);
  }

  /**
   * Files without the statements that reach beyond their database and leave no trace in it: they are blanked out, and
   * lines stay where they are.
   *
   * @throws LockstepError `scratch-run-failed` for code that reaches beyond it and may also change the catalog; `sql-syntax`
   */
  async confine<File extends SqlFile>(files: readonly File[]): Promise<readonly File[]> {
    const confined: File[] = [];
    for (const file of files) {
      let { sql } = file;
      for (const statement of await parseSql(file.sql, file.file)) {
        const reaching = this.reachOf(statement);
        if (reaching === undefined || this.#isHarmless(reaching)) continue;
        if (reaching.leavesTraces) throw await refused(file, statement, reaching, this.#isShared);
        const { start, end } = statement;
        const blank = sql.slice(start, end).replaceAll(/[^\n]/g, " ");
        sql = sql.slice(0, start) + blank + sql.slice(end);
      }
      confined.push(sql === file.sql ? file : { ...file, sql });
    }
    return confined;
  }

  /** Sessions of our own server are all ours; a call by itself is left out, for it would end those that are needed. */
  #isHarmless({ reach, leavesTraces }: Reaching): boolean {
    return reach === "processes" && leavesTraces && !this.#isShared;
  }

  #addRoutine(name: string, code: string): void {
    if (this.#routines.has(name) || (this.#routines.size === 0 && !mayName(code))) return;
    const found = this.#inCode(code);
    if (found !== undefined) this.#routines.set(name, found.reach);
  }

  #inCode(code: string): Reaching | undefined {
    const words = wordsInCode(code);
    const named = this.#named(words, true);
    if (named !== undefined || !this.#isShared) return named;
    for (const role of rolesCreatedIn(words)) this.#roles.add(role);
    const by = reachOfWords(words);
    return by === undefined ? undefined : { reach: "server", by, leavesTraces: true };
  }

  /** A function of Postgres may be left out with its query; what else a routine does is not known. */
  #called({ node, kind }: Statement): Reaching | undefined {
    const table = writtenTo(node);
    const trigger = table === undefined ? undefined : this.#triggered.get(table);
    const found = this.#named(callsIn(node), !traceless.has(kind) || hasInto(node));
    if (trigger === undefined || found?.leavesTraces === true) return found;
    return { reach: this.#routines.get(trigger)!, by: trigger, leavesTraces: true };
  }

  #named(words: readonly string[], leavesTraces: boolean): Reaching | undefined {
    for (const word of words) {
      const own = reachOfFunction(word);
      const reach = own ?? this.#routines.get(word);
      if (reach !== undefined)
        return { reach, by: word, leavesTraces: leavesTraces || own === undefined };
    }
    return undefined;
  }
}

/** What they hold is run later, if at all. */
const stored: ReadonlySet<string> = new Set([
  "AlterPolicyStmt",
  "CommentStmt",
  "CreatePolicyStmt",
  "CreateStmt",
  "RuleStmt",
  "ViewStmt",
]);

/** They change rows, or nothing. */
const traceless: ReadonlySet<string> = new Set([
  "CopyStmt",
  "DeleteStmt",
  "InsertStmt",
  "MergeStmt",
  "SelectStmt",
  "UpdateStmt",
]);

function hasInto(node: ParseNode): boolean {
  return "SelectStmt" in node && node.SelectStmt.intoClause !== undefined;
}

function writtenTo(node: ParseNode): string | undefined {
  if ("InsertStmt" in node) return node.InsertStmt.relation?.relname;
  if ("UpdateStmt" in node) return node.UpdateStmt.relation?.relname;
  if ("DeleteStmt" in node) return node.DeleteStmt.relation?.relname;
  if ("MergeStmt" in node) return node.MergeStmt.relation?.relname;
  return "CopyStmt" in node ? node.CopyStmt.relation?.relname : undefined;
}

function lastName(parts: readonly ParseNode[] | undefined): string {
  const last = parts?.at(-1);
  return last !== undefined && "String" in last ? (last.String.sval ?? "") : "";
}

async function refused(
  { file }: SqlFile,
  { sql, line }: Statement,
  { by, reach }: Reaching,
  isShared: boolean,
): Promise<LockstepError> {
  const whose = {
    outside: "files, programs and other servers are real wherever it runs",
    processes: "the server was given by URL and may have other users",
    server: "the server outlives the scratch database and may have other users",
  }[reach];
  return new LockstepError("scratch-run-failed", {
    what: `${file}:${line} reaches beyond the scratch database, so it is not run there: ${by}`,
    expected: "migrations that change their own database alone",
    found: await maskLiterals(sql, 100),
    from: `${file}:${line}`,
    why: `${whose}; and what else it does to the schema cannot be known without running it`,
    next: [
      ...(isShared && reach !== "outside"
        ? ["leave --scratch-url out: on a server of Lockstep's own it may run"]
        : []),
      "take that part out of the migration: it is work for an operator, not a change of the schema",
    ],
  });
}
