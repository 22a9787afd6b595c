import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Session } from "../../src/pg/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { runCli, type CliOptions, type CliResult } from "../cli/run-cli.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

/** The schema of a small shop; release v1 reads all of it but `legacy`. */
export const shop = "CREATE TABLE orders (id int PRIMARY KEY, total numeric NOT NULL, note text);";

/** What release v2 adds. */
export const confirmed = "ALTER TABLE orders ADD COLUMN confirmed_at timestamptz;";

const columns = { id: "integer", total: "numeric", note: "text" };

export const v1 = { tables: { orders: { columns, primaryKey: ["id"] } } };

export const v2 = {
  tables: {
    orders: { columns: { ...columns, confirmed_at: "timestamptz" }, primaryKey: ["id"] },
  },
};

export interface ProductFiles {
  /** By file name, in the order of their names. */
  readonly migrations?: Readonly<Record<string, string>>;
  readonly contract?: object;
  /** More of `deploy` in the config; `command` says that it ran, unless told otherwise. */
  readonly deploy?: Readonly<Record<string, unknown>>;
  readonly runner?: Readonly<Record<string, unknown>>;
  /** Source of the list of probes; `deploy.probes` is set along with it. */
  readonly probes?: string;
}

/** Says in a file that a release was put into service, and how it was put back. */
export const commands = {
  command: 'echo "deployed $LOCKSTEP_RELEASE in $LOCKSTEP_ENVIRONMENT" | tee -a service.log',
  rollback: "echo rolled back >> service.log",
};

/** A product with a checkout, a database and a place where it runs. */
export class Product implements AsyncDisposable {
  readonly url: string;
  readonly folder: TemporaryFolder;
  /** The server to use as scratch: the one of the target by default, to boot only one. */
  scratchUrl: string | undefined;

  private constructor(scratch: Scratch, url: string) {
    this.scratchUrl = scratch.url;
    this.url = url;
    this.folder = temporaryFolder();
  }

  static async make(scratch: Scratch, files: ProductFiles = {}): Promise<Product> {
    const { url } = await scratch.createDatabase();
    const product = new Product(scratch, url);
    product.write({
      migrations: { "0001_shop.sql": shop, "0002_confirmed.sql": confirmed },
      contract: v2,
      ...files,
    });
    return product;
  }

  /** Release v1, carried into service by Lockstep. */
  static async withV1(scratch: Scratch): Promise<Product> {
    const product = await Product.make(scratch, {
      migrations: { "0001_shop.sql": shop },
      contract: v1,
    });
    const { exitCode, stderr } = await product.run(["deploy", "--release", "v1"]);
    if (exitCode !== 0) throw new Error(stderr);
    return product;
  }

  /** Replaces parts of the checkout. */
  write({ migrations, contract, deploy, runner, probes }: ProductFiles): void {
    const { folder } = this;
    for (const [name, sql] of Object.entries(migrations ?? {}))
      folder.write(`migrations/${name}`, `${sql}\n`);
    if (contract !== undefined) folder.write("contract.json", JSON.stringify(contract, null, 1));
    if (probes !== undefined)
      folder.write("shop.probe.mjs", `export default { probes: ${probes} };\n`);
    folder.write(
      "lockstep.config.json",
      JSON.stringify({
        migrations: { folder: "migrations" },
        contract: { file: "contract.json" },
        environments: { production: { urlEnv: "DATABASE_URL" } },
        deploy: {
          ...commands,
          ...(probes === undefined ? {} : { probes: "shop.probe.mjs" }),
          ...deploy,
        },
        runner: { lockTimeoutMs: 200, attempts: 2, retryForMs: 2_000, ...runner },
      }),
    );
  }

  async run(argv: readonly string[], more: Partial<CliOptions> = {}): Promise<CliResult> {
    const tries = !["migrate", "backfill", "blockers", "cancel", "snapshot", "watch"].includes(
      argv[0] ?? "",
    );
    const scratch =
      tries && this.scratchUrl !== undefined ? ["--scratch-url", this.scratchUrl] : [];
    return runCli([...argv, ...scratch], {
      cwd: this.folder.path,
      ...more,
      env: { DATABASE_URL: this.url, ...more.env },
    });
  }

  async deploy(more: Partial<CliOptions> = {}): Promise<CliResult> {
    return this.run(["deploy"], more);
  }

  /** What happened to the service, in order. */
  get service(): readonly string[] {
    const file = join(this.folder.path, "service.log");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  }

  async ask<Row extends Record<string, unknown>>(sql: string): Promise<readonly Row[]> {
    await using session = await Session.open({ url: this.url, applicationName: "test" });
    return (await session.query<Row>(sql)).rows;
  }

  /** A session that has run a statement and stays open. */
  async hold(sql: string): Promise<Session> {
    const session = await Session.open({ url: this.url, applicationName: "holder" });
    await session.batch(sql);
    return session;
  }

  /** Column names of a table, none when it does not exist. */
  async columns(table = "orders"): Promise<readonly string[]> {
    const rows = await this.ask<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass('${table}') AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    );
    return rows.map(({ name }) => name);
  }

  /** Releases recorded as verified, and how each deploy ended. */
  async record(): Promise<{
    readonly verified: readonly string[];
    readonly runs: readonly string[];
  }> {
    const verified = await this.ask<{ release: string }>(
      "SELECT release FROM lockstep.deploy ORDER BY id",
    );
    const runs = await this.ask<{ text: string }>(
      "SELECT concat_ws(' ', command, release, outcome, error->>'code') AS text FROM lockstep.run ORDER BY started_at",
    );
    return { verified: verified.map(({ release }) => release), runs: runs.map(({ text }) => text) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.folder[Symbol.dispose]();
  }
}

/** Text as a person reads it, without the breaks that the width of a terminal makes. */
export function unwrapped(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
