import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildContract, type Contract } from "../../src/contract/index.ts";
import { loadDrizzle } from "../../src/contract/drizzle.ts";
import { drizzlePositions } from "../../src/contract/drizzle-positions.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

const root = fileURLToPath(new URL("fixtures", import.meta.url));
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

let scratch: Scratch;
let contract: Contract;

beforeAll(async () => {
  scratch = await startScratch();
  contract = await fromFiles("db/index.ts");
});

afterAll(async () => scratch.close());

function fromFiles(...files: readonly string[]): Promise<Contract> {
  return buildContract({ source: { kind: "drizzle", files }, release: "v1", scratch, root });
}

/** `file:line` of the only line that holds `text`. */
function placeOf(file: string, text: string): string {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  const found = lines.flatMap((line, at) => (line.includes(text) ? [at + 1] : []));
  expect(found, text).toHaveLength(1);
  return `${file}:${found[0]}`;
}

function table(name: string) {
  return contract.tables.find((one) => one.name === name)!;
}

function column(tableName: string, name: string) {
  return table(tableName).columns.find((one) => one.name === name)!;
}

describe("a contract from Drizzle modules", () => {
  it("has every table, view, enum and schema, in Postgres' own words", () => {
    expect(contract.tables.map(({ schema, name }) => `${schema}.${name}`)).toEqual([
      "billing.invoices",
      "public.users",
    ]);
    expect(contract.views.map(({ schema, name }) => `${schema}.${name}`)).toEqual([
      "billing.open_invoices",
      "public.report",
    ]);
    expect(contract.views[1]!.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "day text",
      "total numeric",
    ]);
    expect(contract.enums.map(({ schema, name, labels }) => [schema, name, ...labels])).toEqual([
      ["billing", "state", "open", "closed"],
      ["public", "kind", "download", "license", "bundle"],
    ]);
    expect(column("invoices", "total")).toMatchObject({
      type: "numeric(12,2)",
      nullable: false,
      default: "'0'::numeric",
    });
    expect(column("invoices", "kind").type).toBe("public.kind");
    expect(column("invoices", "number").identity).toBe("always");
    expect(column("invoices", "doubled").generated).toMatchObject({ kind: "stored" });
    expect(table("invoices").unique).toMatchObject([
      { name: "invoices_once", keys: ["tenant", "kind"], primary: false },
      { keys: ["tenant", "number"], primary: true },
    ]);
    expect(table("invoices").foreignKeys).toMatchObject([
      { name: "invoices_user", columns: ["user_id"], table: "public.users", onDelete: "cascade" },
    ]);
    expect(table("users").unique.map(({ keys }) => keys)).toEqual([
      ["email"],
      ["(lower((email)::text))"],
      ["id"],
    ]);
  });

  it("knows what the code supplies itself, which values it writes and which names it leaves open", () => {
    expect(column("users", "id").supplied).toBe(true);
    expect(column("users", "updated_at").supplied).toBe(true);
    expect(column("users", "created_at").supplied).toBe(false);
    expect(column("users", "role").values).toEqual(["admin", "member"]);
    expect(column("users", "email").values).toBeNull();
    expect(table("users").unqualified).toBe(true);
    expect(table("invoices").unqualified).toBe(false);
  });

  it("finds file and line through spreads, helpers, re-exports and files", () => {
    const shop = (text: string) => placeOf("db/shop.ts", text);
    const columns = (text: string) => placeOf("db/columns.ts", text);
    expect(table("users").from).toBe(shop("export const users"));
    expect(column("users", "email").from).toBe(shop("email: varchar"));
    expect(column("users", "id").from).toBe(shop('id: uuid("id")'));
    expect(column("users", "created_at").from).toBe(columns("createdAt:"));
    expect(column("users", "deleted_at").from).toBe(columns("deletedAt:"));
    expect(column("invoices", "total").from).toBe(shop('total: numeric("total", {'));
    expect(table("users").indexes).toMatchObject([
      { name: "users_role_idx", from: shop("users_role_idx") },
    ]);
    expect(table("users").checks).toMatchObject([{ from: shop("users_email_filled") }]);
    const named = Object.fromEntries(table("users").unique.map(({ name, from }) => [name, from]));
    expect(named).toEqual({
      users_lower_email_idx: shop("users_lower_email_idx"),
      // Unnamed in the source: the column it is on.
      users_email_unique: shop("email: varchar"),
      users_pkey: shop('id: uuid("id")'),
    });
    expect(table("invoices").foreignKeys[0]!.from).toBe(shop('name: "invoices_user"'));
    const [state, kind] = contract.enums;
    expect(state!.from).toBe(shop('billing.enum("state"'));
    expect(kind).toMatchObject({
      from: columns('pgEnum("kind"'),
      labelFrom: { bundle: columns('"bundle"'), license: columns('"license"') },
    });
    expect(contract.views.map(({ from }) => from)).toEqual([
      shop("export const openInvoices"),
      shop("export const report"),
    ]);
  });

  it("is the same for the same expectations, wherever they stand", async () => {
    const again = await fromFiles("db/columns.ts", "db/shop.ts");
    expect(again.hash).toBe(contract.hash);
    const cased = await fromFiles("cased.ts");
    expect(cased.hash).not.toBe(contract.hash);
  });

  it("applies the casing of drizzle.config", async () => {
    const cased = await buildContract({
      source: { kind: "drizzle", files: ["cased.ts"], casing: "snake_case" },
      release: "v1",
      scratch,
      root,
    });
    expect(cased.tables[0]!.columns.map(({ name, from }) => `${name} ${from}`)).toEqual([
      `item_id ${placeOf("cased.ts", "itemId")}`,
      `unit_price ${placeOf("cased.ts", "unitPrice")}`,
      `shown_as ${placeOf("cased.ts", "displayName")}`,
    ]);
  });
});

describe("loading Drizzle modules", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lockstep-drizzle-"));
    symlinkSync(modules, join(folder, "node_modules"));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const load = (source: string, options: { readonly timeoutMs?: number } = {}) => {
    writeFileSync(join(folder, "schema.ts"), source);
    return loadDrizzle({ root: folder, files: ["schema.ts"], ...options });
  };

  it("gives the user's code no way to a database", async () => {
    process.env["DATABASE_URL"] = "postgres://someone:secret@production/shop";
    process.env["SHOP_DSN"] = "postgres://someone:secret@production/shop";
    process.env["PLAIN"] = "kept";
    try {
      const { relations } = await load(`
        import { pgTable, text } from "drizzle-orm/pg-core";
        const seen = [process.env.DATABASE_URL, process.env.SHOP_DSN, process.env.PLAIN].join();
        export const probe = pgTable("saw" + seen, { a: text("a") });`);
      expect(relations[0]!.name).toBe("saw,,kept");
    } finally {
      delete process.env["DATABASE_URL"];
      delete process.env["SHOP_DSN"];
      delete process.env["PLAIN"];
    }
  });

  it("is not led astray by what the modules print", async () => {
    const { relations } = await load(`
      import { pgTable, text } from "drizzle-orm/pg-core";
      console.log("{"); console.error("noise");
      export const t = pgTable("t", { a: text("a") });`);
    expect(relations).toHaveLength(1);
  });

  it.each([
    ["export const broken = ;", "Error"],
    ['import "not-installed"; export {};', "not-installed"],
    ['throw new Error("needs DATABASE_URL");', "needs DATABASE_URL"],
    ["process.exit(3);", "exit code 3"],
  ])("explains %s", async (source, found) => {
    await expect(load(source)).rejects.toMatchObject({
      code: "contract-source",
      explanation: {
        what: "the Drizzle schema schema.ts cannot be loaded",
        found: expect.stringContaining(found) as string,
      },
    });
  });

  it("follows the aliases of a tsconfig.json, though what it extends is not installed", async () => {
    const files = {
      "tsconfig.json": `{
        "extends": "@acme/tsconfig/base.json", // not in this image
        "compilerOptions": { "paths": { "@acme/schema/*": ["./packages/schema/*"] } },
      }`,
      "packages/schema/orders.ts": `import { pgTable, text } from "drizzle-orm/pg-core";

        export const orders = pgTable("orders", { id: text("id").primaryKey() });`,
    };
    mkdirSync(join(folder, "packages/schema"), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    try {
      const answer = await load('export * from "@acme/schema/orders";');
      expect(drizzlePositions(answer, folder).get("relation public.orders")).toBe(
        "packages/schema/orders.ts:3",
      );
    } finally {
      rmSync(join(folder, "tsconfig.json"));
    }
  });

  it("ends what does not end", async () => {
    await expect(
      load("await new Promise(() => setInterval(() => {}, 1000));", { timeoutMs: 1500 }),
    ).rejects.toMatchObject({
      code: "contract-source",
      explanation: { found: "not loaded after 1500 ms; the process was ended" },
    });
  });
});
