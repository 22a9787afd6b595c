import { relative, resolve } from "node:path";
import { introspect, qualifiedName } from "../catalog/index.ts";
import { LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { modelPositions } from "./class-positions.ts";
import { placeTypes } from "./enum-places.ts";
import { contractParts, type Annotations, type ContractCatalog } from "./from-catalog.ts";
import type { Orm, OrmAnswer, OrmColumn, OrmRelation, OrmRequest } from "./orm-model.ts";
import type { OrmReply } from "./orm-child.ts";
import { remedyFor } from "./scratch-ddl.ts";
import { askProgram, type NoAnswer } from "./source-process.ts";

export interface OrmOptions {
  readonly orm: Orm;
  /** Modules with the data source or the models, absolute or relative to `root`. */
  readonly files: readonly string[];
  /** The project's folder: its own ORM is used. */
  readonly root: string;
  /** Longest time for loading the modules and making the schema in ms, 120,000 by default. */
  readonly timeoutMs?: number | undefined;
}

type Reply = OrmReply | NoAnswer;

/**
 * Loads the project's models in a child process and has their own ORM make its schema in an empty scratch database.
 * @throws LockstepError `contract-source`
 */
export async function loadOrm(
  options: OrmOptions,
  scratch: Scratch,
): Promise<{ readonly catalog: ContractCatalog; readonly annotations: Annotations }> {
  const { root, orm } = options;
  const files = options.files.map((file) => resolve(root, file));
  const shown = files.map((file) => relative(root, file)).join(", ");
  const extensions: string[] = [];
  for (;;) {
    const { reply, catalog } = await onScratch(scratch, extensions, (url) => {
      const request: OrmRequest = { orm, root, files, url };
      const timeoutMs = options.timeoutMs ?? 120_000;
      return askProgram<Reply>("orm-child", request, { timeoutMs, url });
    });
    if ("ok" in reply) return { catalog, annotations: annotationsOf(reply.ok, catalog, root) };
    // What an ORM's DDL uses and does not create is made before it is tried again.
    const remedy =
      "stage" in reply && reply.stage === "database" ? remedyFor(reply)?.sql : undefined;
    if (remedy === undefined || extensions.includes(remedy)) throw explain(orm, shown, reply);
    extensions.push(remedy);
  }
}

/** Has something made in a new database, and reads the catalog it has then. */
async function onScratch(
  scratch: Scratch,
  extensions: readonly string[],
  make: (url: string) => Promise<Reply>,
): Promise<{ readonly reply: Reply; readonly catalog: ContractCatalog }> {
  const database = await scratch.createDatabase();
  try {
    const { url } = database;
    await using session = await Session.open({ url, applicationName: "lockstep/contract" });
    for (const create of extensions) await session.query(create);
    const reply = await make(url);
    return { reply, catalog: await introspect(session, { parts: contractParts }) };
  } finally {
    await database.drop();
  }
}

function annotationsOf(
  { relations, own, sources }: OrmAnswer,
  catalog: ContractCatalog,
  root: string,
): Annotations {
  const places = new Map(modelPositions(relations, sources, root));
  const named = new Map<string, OrmRelation>(
    relations.map((one) => [qualifiedName(one.schema ?? "public", one.name), one]),
  );
  const columns = new Map<string, OrmColumn>(
    [...named].flatMap(([name, one]) =>
      one.columns.map((column) => [`${name}.${qualifiedName(column.name)}`, column]),
    ),
  );
  placeTypes(catalog, places);
  return {
    from: (address) => places.get(address),
    column: (table, column) => {
      const known = columns.get(`${table}.${qualifiedName(column)}`);
      return known ?? (named.has(table) ? { used: false } : undefined);
    },
    access: (relation) => named.get(relation)?.access,
    wanted: (relation) =>
      named.has(relation) || !own.includes(catalog.tables[relation]?.name ?? ""),
    unqualified: (relation) => named.get(relation)?.schema === null,
  };
}

const titles: Readonly<Record<Orm, string>> = {
  typeorm: "TypeORM",
  sequelize: "Sequelize",
  "mikro-orm": "MikroORM",
};

const expected: Readonly<Record<Orm, string>> = {
  typeorm: "a module that exports a DataSource for PostgreSQL, or modules that export entities",
  sequelize: "a module that exports a Sequelize instance for PostgreSQL, or its models",
  "mikro-orm": "a module that exports MikroORM's configuration, with entities",
};

function explain(orm: Orm, shown: string, reply: Exclude<Reply, { ok: unknown }>): LockstepError {
  const title = titles[orm];
  const found = "ended" in reply ? reply.ended : reply.message;
  const from = shown;
  switch ("ended" in reply ? "load" : reply.stage) {
    case "load":
      return new LockstepError("contract-source", {
        what: `the ${title} models of ${shown} cannot be loaded`,
        expected: "modules that load without a connection to the application's database",
        found,
        from,
        why: "a module is broken, imports something that is not installed, or needs a variable (those that lead to a database are not passed on, or lead to scratch)",
        next: [`correct ${shown}, or name the modules that hold only models`],
      });
    case "models":
      return new LockstepError("contract-source", {
        what: `${shown} names no ${title} models`,
        expected: expected[orm],
        found,
        from,
        why: "the module exports something else, or its patterns lead to compiled files that are not there",
        next: ["build the project first, or name the source files of the models in the config"],
      });
    case "orm":
      return new LockstepError("contract-source", {
        what: `${title} of this project does not take the models of ${shown}`,
        expected: "models that it can start the application with",
        found,
        from,
        next: ["correct the model that is named"],
      });
    case "database":
      return new LockstepError("contract-source", {
        what: `the scratch Postgres refuses the schema that ${title} makes of ${shown}`,
        expected: "a schema that can be made in an empty database",
        found,
        from,
        why: "a model is wrong, or needs something that only a migration makes: a type, a function, an extension that the scratch server does not have",
        next: [
          "correct the model",
          "or take the migrations as what the code expects: contract: { migrations: true }",
        ],
      });
  }
}
