import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildContract, type Contract } from "../../src/contract/index.ts";
import { runGate } from "../../src/gate/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { migratePrismaProject, prismaFiles, prismaProject } from "./prisma-project.ts";

let scratch: Scratch;
let contract: Contract;

beforeAll(async () => {
  scratch = await startScratch();
  contract = await contractOf(prismaProject, "schema");
});

afterAll(async () => scratch.close());

function contractOf(root: string, schema?: string, defaultSchema?: string): Promise<Contract> {
  const source = { kind: "prisma", schema, defaultSchema } as const;
  return buildContract({ source, release: "v1", scratch, root });
}

/** `file:line` of the only line of the schema that holds `text`. */
function placeOf(text: string): string {
  const found = prismaFiles().flatMap(([file, content]) =>
    content.split("\n").flatMap((line, at) => (line.includes(text) ? [`${file}:${at + 1}`] : [])),
  );
  expect(found, text).toHaveLength(1);
  return found[0]!;
}

function table(name: string) {
  return contract.tables.find((one) => one.name === name)!;
}

function column(tableName: string, name: string) {
  return table(tableName).columns.find((one) => one.name === name)!;
}

const head = 'datasource db {\n  provider = "postgresql"\n}\n';

describe("a contract from a Prisma schema", () => {
  it("is what Prisma's own migrations make, with nothing else to say", async () => {
    expect(contract.tables).toHaveLength(50);
    const database = await scratch.createDatabase();
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    await migratePrismaProject(session);
    const { differences } = await runGate({ contract, database: session, environment: "test" });
    expect(differences).toEqual([]);
  });

  it("has mapped names, schemas, enums, join tables and the columns of views", () => {
    expect(new Set(contract.tables.map(({ schema }) => schema))).toEqual(
      new Set(["public", "billing", "Odd Schema"]),
    );
    expect(contract.enums.map(({ schema, name, labels }) => [schema, name, ...labels])).toEqual([
      ["billing", "order_status", "NEW", "PAID", "SENT", "REFUNDED"],
      ["public", "Mood", "sad", "ok", "happy"],
      ["public", "Role", "guest user", "MEMBER", "ADMIN"],
    ]);
    expect(contract.views).toMatchObject([
      {
        schema: "public",
        name: "popular_posts",
        columns: [
          { name: "id", type: "integer" },
          { name: "title", type: "character varying(200)" },
          { name: "likes", type: "bigint" },
          { name: "status", type: "billing.order_status" },
          { name: "author_id", type: "text" },
        ],
      },
    ]);
    const joins = contract.tables.filter(({ name }) => name.startsWith("_"));
    expect(joins.map(({ schema, name }) => `${schema}.${name}`)).toEqual([
      "billing._CouponToOrder",
      "billing._contents",
      "public._GroupToUser",
      "public._PostToTag",
      "public._friends",
    ]);
    expect(joins.map(({ access }) => access.join())).toEqual(
      joins.map(() => "select,insert,delete"),
    );
    expect(column("Lists", "statuses").type).toBe("billing.order_status[]");
    expect(table("Post").unique[0]).toMatchObject({ predicate: "published" });
  });

  it("knows which values the client gives and which the database", () => {
    const supplied = (name: string) =>
      table(name)
        .columns.filter((one) => one.supplied)
        .map((one) => one.name);
    expect(supplied("database_defaults")).toEqual([]);
    expect(supplied("client_defaults")).toEqual(
      table("client_defaults").columns.map(({ name }) => name),
    );
    expect(supplied("orders")).toEqual(["status", "total", "placedAt"]);
    // A list with a default is never NULL; one without is, when an INSERT leaves it away.
    expect(column("client_defaults", "tags").nullable).toBeNull();
    expect(column("Lists", "texts").nullable).toBe(true);
  });

  it("knows what the client never touches", () => {
    const unused = contract.tables.flatMap(({ name, columns }) =>
      columns.filter(({ used }) => used === false).map((one) => `${name}.${one.name}`),
    );
    expect(unused).toEqual(["WithIgnored.old", "WithIgnored.older", "WithIgnored.oldest"]);
    expect(table("ignored_rows").access).toEqual([]);
    expect(table("OnlyReadable").access).toEqual(["select", "update", "delete"]);
    expect(table("WithUnsupported").access).toContain("insert");
  });

  it("has file and line of everything", () => {
    const unplaced = contract.tables.flatMap((one) =>
      [one, ...one.columns, ...one.unique, ...one.foreignKeys, ...one.indexes].filter(
        ({ from }) => from === undefined,
      ),
    );
    expect(unplaced).toEqual([]);
    expect(table("users").from).toBe(placeOf("model User {"));
    expect(column("users", "created_at").from).toBe(placeOf('@map("created_at")'));
    expect(table("users").foreignKeys[0]!.from).toBe(
      placeOf("fields: [tenantId], references: [id])"),
    );
    const places = new Map(
      contract.tables.flatMap(({ unique, indexes, foreignKeys }) =>
        [...unique, ...indexes, ...foreignKeys].map(({ name, from }) => [name, from]),
      ),
    );
    expect(places.get("nick_once")).toBe(placeOf("nick_once"));
    expect(places.get("users_tenant_id_created_at_key")).toBe(
      placeOf("@@unique([tenantId, createdAt])"),
    );
    expect(places.get("users_email_like")).toBe(placeOf("users_email_like"));
    expect(places.get("domain_key")).toBe(placeOf("domain_key"));
    expect(places.get("profile_of")).toBe(placeOf("profile_of"));
    expect(places.get("Odd Table_Camel Case_aVeryLongColumnNameForALimitOnTheLengt_key")).toBe(
      placeOf("@@unique([camelCase,"),
    );
    expect(table("_friends").from).toBe(placeOf("friends  User[]"));
    expect(contract.enums[0]!.from).toBe(placeOf("enum OrderStatus"));
    expect(contract.enums[2]!.labelFrom).toMatchObject({ "guest user": placeOf("guest user") });
    expect(contract.views[0]!.columns[4]!.from).toBe(placeOf('@map("author_id")'));
  });

  it("puts models without @@schema where the config says", async () => {
    using folder = temporaryFolder({
      "schema.prisma": `${head}enum E {\n  a\n}\nmodel A {\n  id Int @id\n  e E\n}\n`,
    });
    const { tables, enums } = await contractOf(folder.path, undefined, "shop");
    expect(tables).toMatchObject([{ schema: "shop", name: "A", from: "schema.prisma:7" }]);
    expect(tables[0]!.columns[1]).toMatchObject({ type: 'shop."E"', from: "schema.prisma:9" });
    expect(enums).toMatchObject([{ schema: "shop", name: "E", from: "schema.prisma:4" }]);
  });

  it("takes schemas of Prisma 5 and 6: URLs, and preview features that have gone", async () => {
    using folder = temporaryFolder({
      "schema.prisma": `generator client {
  provider        = "prisma-client-js"
  previewFeatures = [
    "metrics",
    "multiSchema"
  ]
}
datasource db {
  provider  = "postgresql"
  url       = env("DATABASE_URL")
  directUrl = env("DIRECT_URL")
}
model A {
  id Int @id
}
`,
    });
    const { tables } = await contractOf(folder.path);
    expect(tables).toMatchObject([{ name: "A", from: "schema.prisma:13" }]);
  });

  it("leaves foreign keys away where the client keeps relations itself", async () => {
    using folder = temporaryFolder({
      "schema.prisma": `datasource db {
  provider     = "postgresql"
  relationMode = "prisma"
}
model A {
  id Int @id
  bs B[]
}
model B {
  id  Int @id
  aId Int
  a   A   @relation(fields: [aId], references: [id])
  @@index([aId])
}
`,
    });
    const { tables } = await contractOf(folder.path);
    expect(tables.flatMap(({ foreignKeys }) => foreignKeys)).toEqual([]);
  });
});

describe("finding a Prisma schema", () => {
  const model = `${head}model Found {\n  id Int @id\n}\n`;

  it.each([
    [{ "schema.prisma": model }, "schema.prisma:4"],
    [{ "prisma/schema.prisma": model }, "prisma/schema.prisma:4"],
    [
      { "prisma/schema/a.prisma": head, "prisma/schema/b.prisma": model },
      "prisma/schema/b.prisma:4",
    ],
    [
      { "package.json": '{"prisma":{"schema":"db/a.prisma"}}', "db/a.prisma": model },
      "db/a.prisma:4",
    ],
    [
      {
        "prisma.config.ts":
          'import path from "node:path";\nimport { defineConfig } from "prisma/config";\nexport default defineConfig({ schema: path.join("db", "models") });\n',
        "db/models/deep/a.prisma": model,
        "prisma/schema.prisma": "not this one",
      },
      "db/models/deep/a.prisma:4",
    ],
    [
      {
        ".config/prisma.ts":
          'const config = { schema: "../db.prisma", datasource: { url: process.env.URL! } };\nexport default config satisfies object;\n',
        "db.prisma": model,
      },
      "db.prisma:4",
    ],
  ])("where Prisma looks: %j", async (files, place) => {
    using folder = temporaryFolder(
      Object.fromEntries(
        Object.entries(files).map(([name, text]) => [
          name,
          // The second datasource of a folder is an error.
          name === "prisma/schema/b.prisma" ? text.replace(head, "\n\n\n") : text,
        ]),
      ),
    );
    const { tables } = await contractOf(folder.path);
    expect(tables).toMatchObject([{ name: "Found", from: place }]);
  });

  it("says it when there is none, or prisma.config computes its name", async () => {
    using empty = temporaryFolder({ "package.json": "{}" });
    await expect(contractOf(empty.path)).rejects.toMatchObject({
      code: "contract-source",
      explanation: { what: "the Prisma schema is not there" },
    });
    await expect(contractOf(empty.path, "nowhere.prisma")).rejects.toMatchObject({
      explanation: { from: "nowhere.prisma" },
    });
    using computed = temporaryFolder({
      "prisma.config.ts": "export default {\n  schema: process.env.SCHEMA,\n};\n",
      "schema.prisma": model,
    });
    await expect(contractOf(computed.path)).rejects.toMatchObject({
      code: "contract-source",
      explanation: { from: "prisma.config.ts:2", found: "something computed" },
    });
  });
});

describe("a Prisma schema that cannot be used", () => {
  it.each([
    [
      `${head}model A {\n  id Int @id\n  b Missing\n}\n`,
      "schema.prisma:6",
      'Type "Missing" is neither a built-in type',
    ],
    [`${head}model A {\n  id Int\n}\n`, "schema.prisma:4", "unique criteria"],
    ['datasource db {\n  provider = "mysql"\n}\n', "schema.prisma:1", 'provider = "mysql"'],
    ["model A {\n  id Int @id\n}\n", "schema.prisma", "no datasource"],
    [`${head}model A {\n  id Int @id @map("a\\"b")\n}\n`, "schema.prisma", 'a"b'],
    [
      `${head}model A {\n  id Int @id @default(dbgenerated("not_here()"))\n}\n`,
      "schema.prisma",
      "not_here",
    ],
  ])("is told with file and line: %j", async (text, from, found) => {
    using folder = temporaryFolder({ "schema.prisma": text });
    await expect(contractOf(folder.path)).rejects.toMatchObject({
      code: "contract-source",
      explanation: {
        from: expect.stringContaining(from) as string,
        found: expect.stringContaining(found) as string,
      },
    });
  });

  it("is read by the project's own engine, which is told when it cannot be loaded", async () => {
    const own = "node_modules/@prisma/schema-engine-wasm";
    using folder = temporaryFolder({
      "schema.prisma": `${head}model A {\n  id Int @id\n}\n`,
      [`${own}/package.json`]:
        '{"name":"@prisma/schema-engine-wasm","version":"5.0.0","type":"module"}',
      [`${own}/schema_engine_bg.js`]: "export const nothing = 1;\n",
    });
    await expect(contractOf(folder.path)).rejects.toMatchObject({
      code: "contract-source",
      explanation: {
        what: "the installed @prisma/schema-engine-wasm cannot be loaded",
        from: expect.stringContaining(own) as string,
      },
    });
  });
});
