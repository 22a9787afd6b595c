import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CamelCasePlugin, type CamelCasePluginOptions } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { snakeCase } from "../../src/contract/camel-case.ts";
import { buildContract, type Contract } from "../../src/contract/index.ts";
import { readKyselyTypes } from "../../src/contract/kysely-types.ts";
import { runGate } from "../../src/gate/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations, type MigrationFolder } from "../../src/tools/index.ts";

/** 48 relations; the types are what kysely-codegen 0.20.0 has written from the database that the migration makes. */
const root = fileURLToPath(new URL("fixtures/kysely", import.meta.url));

let scratch: Scratch;
let folder: MigrationFolder;
let database: Session;
beforeAll(async () => {
  scratch = await startScratch();
  folder = await readMigrations({ folder: "migrations", cwd: root });
  const { url } = await scratch.createDatabase();
  database = await Session.open({ url, applicationName: "test" });
  for (const { sql } of folder.migrations) await database.batch(sql);
}, 300_000);
afterAll(async () => {
  await database.close();
  await scratch.close();
});

const build = (file: string, migrations?: MigrationFolder): Promise<Contract> =>
  buildContract({
    source: { kind: "kysely", files: [file], folder: migrations },
    release: "v1",
    scratch,
    root,
  });

const differences = async (contract: Contract, session = database) =>
  (await runGate({ contract, database: session, environment: "test" })).differences;

/** A database that has had something done to it, undone afterwards. */
async function after(sql: string, contract: Contract) {
  await database.query("BEGIN");
  try {
    await database.batch(sql);
    const gate = await runGate({
      contract,
      database,
      environment: "test",
      transaction: "caller",
    });
    return gate.differences.map(({ severity, kind, object, from }) =>
      [severity, kind, object, from].join(" "),
    );
  } finally {
    await database.query("ROLLBACK");
  }
}

describe("a contract from Kysely's types", () => {
  it("is what the migrations make, where they are known, with the places of the types", async () => {
    const contract = await build("db.d.ts", folder);
    expect(contract.tables.length + contract.views.length).toBeGreaterThan(40);
    expect(contract.views.map(({ name }) => name)).toEqual(["popular_posts", "tag_counts"]);
    expect(await differences(contract)).toEqual([]);
    const posts = contract.tables.find(({ name }) => name === "posts")!;
    expect(posts.from).toBe("db.d.ts:305");
    expect(posts.columns.find(({ name }) => name === "slug")).toMatchObject({
      type: "character varying",
      nullable: true,
      from: "db.d.ts:313",
    });
  });

  it("asks nothing that types cannot tell, without migrations", async () => {
    expect(await differences(await build("db.d.ts"))).toEqual([]);
  });

  it("finds without migrations what the types do tell", async () => {
    const contract = await build("db.d.ts");
    expect(await after("ALTER TABLE posts DROP COLUMN body", contract)).toEqual([
      "error missing-column public.posts.body db.d.ts:307",
    ]);
    expect(
      await after("ALTER TABLE posts ALTER COLUMN version TYPE text USING '1'", contract),
    ).toEqual(["error wrong-type public.posts.version db.d.ts:315"]);
    expect(await after("ALTER TABLE posts ALTER COLUMN views DROP DEFAULT", contract)).toEqual([
      "error missing-default public.posts.views db.d.ts:316",
    ]);
    expect(
      await after("ALTER TYPE reaction_kind RENAME VALUE 'up' TO 'upwards'", contract),
    ).toEqual([
      "error missing-enum-value public.reaction.before db.d.ts:331",
      "error missing-enum-value public.reaction.kind db.d.ts:333",
    ]);
    expect(
      await after(
        "ALTER TABLE posts ADD COLUMN must text NOT NULL DEFAULT ''; ALTER TABLE posts ALTER must DROP DEFAULT",
        contract,
      ),
    ).toEqual(["error extra-required-column public.posts.must db.d.ts:305"]);
    expect(await after("ALTER TABLE posts ALTER COLUMN body TYPE varchar", contract)).toEqual([]);
  });

  it("keeps the types' word where it contradicts the migrations", async () => {
    const place = mkdtempSync(join(tmpdir(), "lockstep-kysely-"));
    try {
      writeFileSync(
        join(place, "db.ts"),
        `import type { Generated } from "kysely";
export interface Database {
  tag: { name: number; label: string | null };
  gone: { id: Generated<string> };
}`,
      );
      const contract = await buildContract({
        source: { kind: "kysely", files: ["db.ts"], folder },
        release: "v1",
        scratch,
        root: place,
      });
      expect(
        (await differences(contract)).map(({ kind, object, from }) => `${kind} ${object} ${from}`),
      ).toEqual([
        "wrong-type public.tag.name db.ts:3",
        "missing-column public.tag.label db.ts:3",
        "missing-table public.gone db.ts:4",
      ]);
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  it("takes types of one form for each other where the driver's own form is the types', and no parser's", async () => {
    const place = mkdtempSync(join(tmpdir(), "lockstep-kysely-"));
    try {
      writeFileSync(
        join(place, "db.ts"),
        "export interface Database { media: { bytes: number | null }; moments: { day: string | null } }",
      );
      const parsed = await buildContract({
        source: { kind: "kysely", files: ["db.ts"], folder },
        release: "v1",
        scratch,
        root: place,
      });
      const generated = await build("db.d.ts", folder);
      const changes = `ALTER TABLE media ALTER bytes DROP DEFAULT, ALTER bytes TYPE numeric;
        ALTER TABLE moments ALTER day DROP DEFAULT, ALTER day TYPE timestamp`;
      const severities = async (contract: Contract) =>
        (await after(changes, contract)).filter((one) => one.includes(" wrong-type "));
      expect(await severities(generated)).toEqual([
        expect.stringMatching(/^warning wrong-type public.media.bytes /),
        expect.stringMatching(/^warning wrong-type public.moments.day /),
      ]);
      expect(await severities(parsed)).toEqual([
        expect.stringMatching(/^error wrong-type public.media.bytes /),
        expect.stringMatching(/^error wrong-type public.moments.day /),
      ]);
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  it("says which module holds no types", async () => {
    await expect(
      buildContract({
        source: { kind: "kysely", files: ["kysely.test.ts"] },
        release: "v1",
        scratch,
        root: fileURLToPath(new URL(".", import.meta.url)),
      }),
    ).rejects.toMatchObject({ code: "contract-source" });
  });
});

describe("Kysely's types, as generators and people write them", () => {
  const read = (text: string, others: Readonly<Record<string, string>> = {}) => {
    const place = mkdtempSync(join(tmpdir(), "lockstep-kysely-"));
    try {
      for (const [name, content] of Object.entries({ ...others, "db.ts": text }))
        writeFileSync(join(place, name), content);
      return readKyselyTypes([join(place, "db.ts")], place)?.map(({ schema, name, columns }) => [
        schema === undefined ? name : `${schema}.${name}`,
        columns?.map(({ name: own, form, array, labels, nullable, insert }) =>
          [own, `${form}${array ? "[]" : ""}`, nullable ? "null" : "", insert, labels?.join("|")]
            .filter(Boolean)
            .join(" "),
        ),
      ]);
    } finally {
      rmSync(place, { recursive: true });
    }
  };

  it("of prisma-kysely: type literals, constants as enums", () => {
    expect(
      read(`import type { ColumnType } from "kysely";
export type Generated<T> = T extends ColumnType<infer S, infer I, infer U> ? ColumnType<S, I | undefined, U> : ColumnType<T, T | undefined, T>;
export type Timestamp = ColumnType<Date, Date | string, Date | string>;
export const Role = { ADMIN: "ADMIN", member: "MEMBER" } as const;
export type Role = (typeof Role)[keyof typeof Role];
export type User = { id: Generated<number>; role: Role; roles: Role[]; at: Generated<Timestamp>; data: unknown | null };
export type DB = { "auth.User": User };`),
    ).toEqual([
      [
        "auth.User",
        [
          "id number default",
          "role string always ADMIN|MEMBER",
          "roles string[] always ADMIN|MEMBER",
          "at Date default",
          "data unknown null maybe",
        ],
      ],
    ]);
  });

  it("of kanel: a file a table, branded keys, a schema that others are joined to", () => {
    expect(
      read(
        `import type { default as ActorTable } from "./Actor.ts";
export default interface PublicSchema { actor: ActorTable }
export type Database = PublicSchema;`,
        {
          "Actor.ts": `import type { ColumnType, Selectable } from "kysely";
export type ActorId = number & { __brand: 'ActorId' };
export default interface ActorTable {
  actor_id: ColumnType<ActorId, ActorId | undefined, ActorId>;
  born: ColumnType<Date, never, never>;
  name: ColumnType<string | null, string | null, string | null>;
}`,
        },
      ),
    ).toEqual([
      ["actor", ["actor_id number default", "born Date never", "name string null maybe"]],
    ]);
  });

  it("by hand: any name, JSON, aliases with parameters; what is not understood is unknown", () => {
    expect(
      read(`import type { Generated, GeneratedAlways, JSONColumnType } from "kysely";
type Maybe<T> = T | null;
export enum State { New = "NEW", Gone = "gone" }
export interface Tables { things: Things; rest: Omit<Things, "id"> }
export interface Things {
  id: GeneratedAlways<string>;
  tree: JSONColumnType<{ a: 1 }>;
  flags: Maybe<readonly boolean[]>;
  size: 1 | 2;
  state: State;
  either: string | number;
  bytes: Uint8Array;
  far: import("./elsewhere").Far;
}
export interface NewThing { id: string }
export interface DB extends Tables {}`),
    ).toEqual([
      [
        "things",
        [
          "id string never",
          "tree object always",
          "flags boolean[] null maybe",
          "size number always",
          "state string always NEW|gone",
          "either unknown always",
          "bytes Buffer always",
          "far unknown always",
        ],
      ],
      ["rest", undefined],
    ]);
    expect(read("export interface NewThing { id: string }")).toBeUndefined();
  });
});

/** The plugin's own mapping, which it keeps to itself. */
class Plugin extends CamelCasePlugin {
  map(name: string): string {
    return this.snakeCase(name);
  }
}

it.each<CamelCasePluginOptions>([
  {},
  { upperCase: true },
  { underscoreBeforeDigits: true },
  { underscoreBetweenUppercaseLetters: true },
  { underscoreBeforeDigits: true, underscoreBetweenUppercaseLetters: true },
])("names are those of Kysely's CamelCasePlugin with %o", (options) => {
  const plugin = new Plugin(options);
  const names =
    "userId fooBAR FooBar a1b22C x _id snake_case address2Line URL Odd-Team flächeÄnderung 9lives a_1 ID9X";
  for (const name of names.split(" ")) expect(snakeCase(name, options)).toBe(plugin.map(name));
});
