import type { Sizes } from "../effects/index.ts";
import { LockstepError } from "../errors/index.ts";
import type { Session } from "../pg/index.ts";
import type { QualifiedName } from "../sql/index.ts";
import { resolveAssumed, withAssumed, type AssumedKey } from "./assumed-keys.ts";
import { columnShapes } from "./column-shapes.ts";
import { meetAll } from "./conditions.ts";
import { Insert, type RowMaker } from "./insert.ts";
import { keyRoles } from "./key-roles.ts";
import { keyNumbers, setSequences } from "./key-numbers.ts";
import { explainNoRoom } from "./no-room.ts";
import { planTable, type Parents, type TablePlan } from "./makers.ts";
import { parentsFirst } from "./order.ts";
import { removeOrphans } from "./orphans.ts";
import { keyTablePrefix, KeyTables } from "./key-tables.ts";
import { readStructure, type CloneTable, type Structure } from "./structure.ts";
import { addToast } from "./toast.ts";
import { refreshViews, type Views } from "./views.ts";

export interface FillRequest {
  /** A session on a database that has the schema; the role may set `session_replication_role`. */
  readonly session: Session;
  /** Of the source, with shapes. */
  readonly statistics: Sizes;
  /** Share of the source's rows, above 0. */
  readonly scale: number;
  /** The same seed makes the same rows. */
  readonly seed: number;
  /** Foreign keys that the schema has not yet, and that the rows are to obey. */
  readonly assumed?: readonly AssumedKey[] | undefined;
  readonly onProgress?: ((progress: CloneProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Told about every so many rows. */
export interface CloneProgress {
  readonly relation: QualifiedName;
  readonly number: number;
  readonly of: number;
  readonly rows: number;
  readonly wanted: number;
}

/** One table of the clone. */
export interface ClonedTable {
  readonly relation: QualifiedName;
  /** Rows that the source has, by scale. */
  readonly wanted: number;
  /** Rows that are there, those that the migrations inserted among them. */
  readonly rows: number;
  /** Bytes of heap, indexes and TOAST, and those of the source by scale. */
  readonly bytes: number;
  readonly wantedBytes: number;
  /** Columns whose values CHECKs decide: nulls, distinct values and widths are not the source's. */
  readonly unlike: readonly string[];
  /** Columns without a value in any row: what they refer to was not there yet when the rows were made. */
  readonly unlinked: readonly string[];
  /** Why rows are missing; undefined when none are. */
  readonly reason: string | undefined;
}

export interface FilledClone {
  readonly tables: readonly ClonedTable[];
  /** Relations of the source that the clone's schema lacks. */
  readonly lacking: readonly QualifiedName[];
  /** Of tables that have rows; not of those whose parents had to be looked up by numbers that are gone. */
  readonly makers: readonly RowMaker[];
  /** Without the time of VACUUM and ANALYZE at the end. */
  readonly ms: number;
}

/** Rows that one statement makes. */
const chunk = 50_000;
/** A table whose conditions let few rows through is tried with so many times the rows that it is to have. */
const patience = 40;

/**
 * Fills a database that has the schema with rows like the source's, as far as its statistics tell: as many by scale, of the
 * same widths, nulls, distinct values, skew and order; keys, uniques, CHECKs, domains, enums, partition bounds and foreign
 * keys hold. Rows are made in the server. Triggers do not fire. Sequences go on after the rows, materialized views are made anew;
 * everything is vacuumed and analyzed. What cannot be made is told with its reason, and never silently left out.
 *
 * @throws LockstepError `run-cancelled`, `scratch-unavailable` where the server has no room for the rows
 */
export async function fillClone(request: FillRequest): Promise<FilledClone> {
  const { session } = request;
  const began = performance.now();
  const assumed = await resolveAssumed(session, request.assumed ?? []);
  await session.batch(
    "BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL search_path = ''",
  );
  let structure: Structure;
  let filling: Filling;
  try {
    const found = await readStructure(session);
    structure = { ...found, tables: withAssumed(found.tables, assumed) };
    filling = new Filling(request, structure);
    for (const table of filling.order) await filling.fill(table);
    for (const [relation, count] of await removeOrphans(session, structure))
      filling.lost.set(
        relation,
        `${count} rows were taken away again: a foreign key of theirs found no parent`,
      );
    await setSequences(session, structure);
    await session.query("COMMIT");
  } catch (error) {
    await session.query("ROLLBACK").catch(() => {});
    throw explainNoRoom(error);
  }
  const ms = performance.now() - began;
  const views = await refreshViews(session);
  const all = filling.order.map(({ sql }) => sql);
  if (all.length > 0) await session.query(`VACUUM (ANALYZE) ${all.join(", ")}`);
  return { ...(await filling.result(views)), ms };
}

class Filling {
  readonly order: readonly CloneTable[];
  readonly lost = new Map<QualifiedName, string>();
  readonly #request: FillRequest;
  readonly #structure: Structure;
  readonly #keys: KeyTables;
  readonly #plans = new Map<number, TablePlan>();
  /** Tables whose rows are exactly those that `g` counts. */
  readonly #whole = new Set<number>();
  readonly #makers: RowMaker[] = [];
  readonly #unlike = new Map<QualifiedName, readonly string[]>();
  readonly #unlinked = new Map<QualifiedName, readonly string[]>();

  constructor(request: FillRequest, structure: Structure) {
    this.#request = request;
    this.#structure = structure;
    this.#keys = new KeyTables(request.session, structure);
    this.order = parentsFirst(structure.tables);
  }

  async fill(table: CloneTable): Promise<void> {
    const { session, onProgress, signal } = this.#request;
    const rows = this.#wanted(table) - table.existing;
    const plan = await this.#plan(table, Math.max(1, rows));
    this.#plans.set(table.oid, plan);
    if (rows <= 0) return;
    if (plan.reason !== undefined) {
      this.lost.set(table.name, plan.reason);
      return;
    }
    const { unmet, unlike, ...met } = await meetAll(session, table, plan, rows);
    if (unmet !== undefined) {
      this.lost.set(table.name, `no row was found that meets CHECK (${unmet.expression})`);
      return;
    }
    this.#unlike.set(table.name, unlike);
    const expressions = new Map(met.expressions);
    addToast(table, expressions, this.#request.statistics.relations[table.name], rows);
    const insert = new Insert(session, table, expressions);
    let made = 0;
    let from = 1;
    const progress = (count: number) =>
      onProgress?.({
        relation: table.name,
        number: this.order.indexOf(table) + 1,
        of: this.order.length,
        rows: count,
        wanted: rows,
      });
    progress(0);
    while (made < rows && from <= patience * rows) {
      if (signal?.aborted === true) throw cancelled(table.name);
      const to = from + Math.min(chunk, Math.max(rows - made, Math.min(rows, 1_000))) - 1;
      const outcome = await insert.run(from, to, rows - made);
      if (typeof outcome === "string") {
        this.lost.set(table.name, outcome);
        return;
      }
      made += outcome;
      from = to + 1;
      progress(made);
      if (outcome === 0 && from > 2 * rows) break;
    }
    if (made < rows)
      this.lost.set(
        table.name,
        `its keys and conditions admit no more of the rows that were tried (${from - 1})`,
      );
    const keptAll = [...plan.keyed.keys()].every(
      (name) => expressions.get(name) === plan.expressions.get(name),
    );
    if (made === from - 1 && table.existing === 0 && keptAll) this.#whole.add(table.oid);
    const isLasting = ![...expressions.values()].some((value) => value.includes(keyTablePrefix));
    if (made > 0 && isLasting) this.#makers.push(insert.maker(from));
  }

  async result(views: Views): Promise<Omit<FilledClone, "ms">> {
    const { session, statistics, scale } = this.#request;
    const sizes = await session.query<{ rows: number; bytes: number }>(
      this.order.length === 0
        ? "SELECT 0 AS rows, 0 AS bytes WHERE false"
        : this.order
            .map(
              ({ oid, sql }, place) =>
                `SELECT (SELECT pg_catalog.count(*)::float8 FROM ONLY ${sql}) AS rows, pg_catalog.pg_total_relation_size(${oid})::float8 AS bytes, ${place} AS place`,
            )
            // Workers that count large tables at the same time give them in any order.
            .join(" UNION ALL ")
            .concat(" ORDER BY place"),
    );
    const own = new Set([...this.#structure.relations.values()].map(({ name }) => name));
    const failed = [...views.failed, ...this.#unfilled()].map(([relation, reason]): ClonedTable => {
      const wanted = Math.round(this.#rowsOf(relation) * scale);
      return {
        relation,
        wanted,
        rows: 0,
        bytes: 0,
        wantedBytes: 0,
        unlike: [],
        unlinked: [],
        reason,
      };
    });
    const tables = this.order.map((table, index): ClonedTable => {
      const { rows, bytes } = sizes.rows[index]!;
      const wanted = this.#wanted(table);
      return {
        relation: table.name,
        wanted,
        rows,
        bytes,
        wantedBytes: Math.round((statistics.relations[table.name]?.totalBytes ?? 0) * scale),
        unlike: this.#unlike.get(table.name) ?? [],
        unlinked: rows === 0 ? [] : (this.#unlinked.get(table.name) ?? []),
        reason: rows < wanted ? (this.lost.get(table.name) ?? "not told") : undefined,
      };
    });
    return {
      tables: [...tables, ...failed],
      lacking: Object.keys(statistics.relations).filter(
        (name) => !own.has(name) && !views.names.has(name),
      ),
      makers: this.#makers,
    };
  }

  /** Tables that have rows in the source and take none here, with the reason. */
  #unfilled(): readonly (readonly [QualifiedName, string])[] {
    return [...this.#structure.relations.values()].flatMap(({ name, isRuled }) =>
      isRuled && this.#rowsOf(name) > 0
        ? [[name, "a rule on INSERT takes its rows elsewhere"] as const]
        : [],
    );
  }

  #wanted(table: CloneTable): number {
    const rows = this.#sourceRows(table);
    return rows === 0 ? 0 : Math.max(1, Math.round(rows * this.#request.scale));
  }

  #sourceRows({ name }: CloneTable): number {
    return this.#rowsOf(name);
  }

  #rowsOf(name: QualifiedName): number {
    return this.#request.statistics.relations[name]?.rows ?? 0;
  }

  async #plan(table: CloneTable, rows: number): Promise<TablePlan> {
    const { roles, parents } = await this.#keysOf(table, rows);
    const after = await this.#after(table);
    return planTable({
      table,
      rows,
      sourceRows: this.#sourceRows(table),
      shapes: columnShapes(this.#request.statistics, table.name),
      seed: this.#request.seed,
      roles,
      parents,
      after,
    });
  }

  /**
   * The parents of each foreign key, and which columns it decides. A key that shares columns with another one refers to a parent
   * that has the same values there; the other one then only to those for which there is such a parent.
   */
  async #keysOf(table: CloneTable, rows: number) {
    const { foreignKeys } = table;
    const parents: (Parents | undefined)[] = [];
    for (const key of foreignKeys)
      parents.push(await this.#parentsOf(table, key.parent, key.parentColumns, rows));
    const roles = keyRoles(
      table,
      parents.map((each) => each !== undefined),
    );
    for (const { key, shared } of roles) {
      const { parent, parentColumns } = foreignKeys[key]!;
      if (shared.size === 0 || parents[key] === undefined) continue;
      const isThere = !this.#isToCome(table, parent);
      parents[key] = isThere
        ? await this.#keys.within(parent, parentColumns, [...shared.values()])
        : undefined;
    }
    const mustHave = new Set(table.columns.flatMap(({ name, notNull }) => (notNull ? [name] : [])));
    const unlinked = roles.flatMap(({ key, own }) =>
      parents[key] === undefined && this.#isToCome(table, foreignKeys[key]!.parent)
        ? [...own.keys()].filter((name) => !mustHave.has(name))
        : [],
    );
    this.#unlinked.set(table.name, unlinked);
    for (const { key, own } of roles) {
      const { parent, parentColumns } = foreignKeys[key]!;
      const alsoIn = roles.flatMap((role) => {
        const isBinding = [...role.own.keys()].every((name) => mustHave.has(name));
        const isOfThis =
          role.shared.size > 0 && [...role.shared.keys()].every((name) => own.has(name));
        if (!isBinding || !isOfThis || parents[role.key] === undefined) return [];
        const columns = new Map([...role.shared].map(([name, theirs]) => [own.get(name)!, theirs]));
        return [{ parent: foreignKeys[role.key]!.parent, columns }];
      });
      if (alsoIn.length > 0 && parents[key] !== undefined && !this.#isToCome(table, parent))
        parents[key] = await this.#keys.parents(parent, parentColumns, alsoIn);
    }
    return { roles, parents };
  }

  /** True for rows that are not there yet: its own, or those of one of a circle. */
  #isToCome(table: CloneTable, parent: number): boolean {
    return parent === table.oid || (!this.#plans.has(parent) && this.#isToFill(parent));
  }

  /** Made as the parent's are where all of them are there; else picked from those that are. */
  async #parentsOf(
    table: CloneTable,
    parent: number,
    columns: readonly string[],
    rows: number,
  ): Promise<Parents | undefined> {
    const own = this.#plans.get(parent);
    const values = columns.map((name) => own?.keyed.get(name));
    if (this.#whole.has(parent) && values.every((value) => value !== undefined)) {
      const parentTable = this.#structure.tables.find(({ oid }) => oid === parent)!;
      return {
        count: this.#wanted(parentTable),
        valueAt: (column, number) => own!.keyed.get(column)!(number),
      };
    }
    if (!this.#isToCome(table, parent)) return this.#keys.parents(parent, columns);
    // Itself, or one of a circle: as its keys will be, if all of its rows are made; orphans are taken away in the end.
    const target = this.#structure.tables.find(({ oid }) => oid === parent)!;
    const count = parent === table.oid ? rows : this.#wanted(target) - target.existing;
    if (count <= 0) return undefined;
    const after = await this.#after(target);
    const plan = await planTable({
      table: { ...target, foreignKeys: [] },
      rows: count,
      sourceRows: this.#sourceRows(target),
      shapes: columnShapes(this.#request.statistics, target.name),
      seed: this.#request.seed,
      roles: [],
      parents: [],
      after,
    });
    if (!columns.every((name) => plan.keyed.has(name))) return undefined;
    return { count, valueAt: (column, number) => plan.keyed.get(column)!(number) };
  }

  async #after(table: CloneTable): Promise<ReadonlyMap<string, bigint>> {
    const { session, statistics } = this.#request;
    return keyNumbers(session, table, statistics, this.#wanted(table));
  }

  #isToFill(oid: number): boolean {
    return this.#structure.tables.some((table) => table.oid === oid && this.#wanted(table) > 0);
  }
}

function cancelled(relation: QualifiedName): LockstepError {
  return new LockstepError("run-cancelled", {
    what: `the clone was not finished: it was stopped while ${relation} was filled`,
    expected: "all tables filled",
    found: "a request to stop",
    next: ["run it again; nothing is left of it"],
  });
}
