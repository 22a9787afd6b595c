import { introspect, qualifiedName, type Catalog } from "../../../src/catalog/index.ts";
import { buildContract } from "../../../src/contract/index.ts";
import { Session } from "../../../src/pg/index.ts";
import type { Scratch } from "../../../src/scratch/index.ts";
import type { OrmProject } from "../../contract/orm-projects.ts";
import { CallOracle } from "../call-oracle.ts";
import { drawChange, kindsOfChange, type Change } from "../catalog-mutations.ts";
import { judgeChanges, sessionOver, type JudgedReport } from "../judge.ts";
import { randomFrom } from "../random.ts";
import type { MappedModel, Mapper, Row } from "./mapper.ts";
import { NestedConnection } from "./nested.ts";
import { dataFor, scenariosOf } from "./scenarios.ts";

/** Opens a project's own ORM over a connection. */
export type OpenMapper = (
  root: string,
  connection: NestedConnection,
  catalog: Catalog,
) => Promise<Mapper>;

interface OrmReport extends JudgedReport {
  readonly calls: number;
  /** Calls that did not work before any change, with the reason. */
  readonly failing: readonly string[];
}

/** Draws single changes of a database that an ORM's migrations have made, and judges them by an application's calls of the real ORM. */
export async function runOrmMutations(
  scratch: Scratch,
  { root, source, migrate }: OrmProject,
  open: OpenMapper,
  {
    seed,
    count,
    // The gate closes where a type has another name, as the schema names it; statements of these ORMs never do.
    kinds = kindsOfChange.filter((kind) => kind !== "rename enum type"),
  }: { readonly seed: number; readonly count: number; readonly kinds?: readonly string[] },
): Promise<OrmReport> {
  const database = await scratch.createDatabase();
  {
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    await migrate(session);
  }
  const contract = await buildContract({ source, release: "test", scratch, root });
  const connection = await NestedConnection.open(database.url);
  const { client } = connection;
  const catalog = await introspect(sessionOver(client));
  const mapper = await open(root, connection, catalog);
  try {
    const seeds = await written(connection, mapper, 1);
    const spares = await written(connection, mapper, 2, seeds);
    const oracle = new CallOracle<MappedModel>(client, (model) =>
      scenariosOf(mapper, model, seeds, spares),
    );
    const random = randomFrom(seed);
    const tables = new Set(contract.tables.map((one) => qualifiedName(one.schema, one.name)));
    const named = Object.entries(catalog.tables).filter(([name]) => tables.has(name));
    const subject = { ...catalog, tables: Object.fromEntries(named) };
    const around = (change: Change) => modelsAround(change, mapper.models);
    const report = await judgeChanges({
      contract,
      connection: client,
      count,
      draw: () => drawChange(subject, random, random.pick(kinds)),
      prepare: (change) => oracle.know(around(change)),
      broken: (change) => oracle.broken(around(change)),
    });
    return { ...report, calls: oracle.working, failing: oracle.failing };
  } finally {
    await mapper.close();
    await client.end();
  }
}

/** A row in each table, parents first. */
async function written(
  { client }: NestedConnection,
  mapper: Mapper,
  variant: number,
  others: ReadonlyMap<string, Row> = new Map(),
): Promise<ReadonlyMap<string, Row>> {
  const rows = new Map<string, Row>();
  for (const model of inOrder(mapper.models.filter(({ isView }) => !isView))) {
    // Its place under these parents is for the rows that scenarios write.
    if (variant > 1 && isOneOfEach(model)) continue;
    await client.query("BEGIN");
    try {
      const parents = new Map([...others, ...rows]);
      const row = await mapper.insert(model.name, dataFor(model, parents, variant, "all"));
      rows.set(model.name, row);
      if (!rows.has(model.table)) rows.set(model.table, row);
      await client.query("COMMIT");
    } catch (error) {
      await client.query("ROLLBACK");
      throw new Error(`${model.name}: ${(error as Error).message}`, { cause: error });
    }
  }
  return rows;
}

/** Parents have one row of it: something unique is over foreign keys alone. */
function isOneOfEach({ uniques, fields }: MappedModel): boolean {
  return uniques.some((unique) =>
    unique.every((name) =>
      fields.some((field) => field.name === name && field.parent !== undefined),
    ),
  );
}

function inOrder(models: readonly MappedModel[]): readonly MappedModel[] {
  const done: MappedModel[] = [];
  for (let before = -1; before !== done.length;) {
    before = done.length;
    for (const model of models)
      if (
        !done.includes(model) &&
        model.fields.every(
          ({ parent, nullable }) =>
            parent === undefined ||
            parent.table === model.table ||
            nullable ||
            done.some(({ table }) => table === parent.table),
        )
      )
        done.push(model);
  }
  return done;
}

/** The models of a table, what refers to them and what they refer to; views and enums may hang on anything. */
function modelsAround(
  { table, sql }: Change,
  models: readonly MappedModel[],
): readonly MappedModel[] {
  const own = models.filter(
    (model) =>
      model.table === table || [...model.links, ...model.calls].some((one) => one.table === table),
  );
  const tables = new Set(own.map((one) => one.table));
  const parents = new Set(own.flatMap(({ fields }) => fields.map(({ parent }) => parent?.table)));
  const isType = sql.some((one) => one.startsWith("ALTER TYPE"));
  return models.filter(
    (model) =>
      own.includes(model) ||
      model.isView ||
      parents.has(model.table) ||
      model.fields.some(({ parent }) => tables.has(parent?.table ?? "")) ||
      (isType && model.fields.some(({ labels }) => labels.length > 0)),
  );
}
