/**
 * Everything one half of a replay happens on: a team's checkout in a folder of its own, a production database
 * with some of the shop's history, the shop running on a host, and a shell for the team's pipeline.
 */
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import pg from "pg";
import { layOut, writeCommands } from "./checkout.ts";
import { openControl, type Control } from "./control.ts";
import { Crowd, type CrowdOptions } from "./crowd.ts";
import { countMigrations, drizzleStack } from "./drizzle-stack.ts";
import { essentials, isChatter } from "./essentials.ts";
import { makeDatabase, type Server } from "./history.ts";
import { Host } from "./host.ts";
import type { Narrate } from "./narration.ts";
import { incidents } from "./places.ts";
import { startStandIn } from "./pooler-stand-in.ts";
import { startPooler, type Pooler } from "./pooler.ts";
import { Props } from "./props.ts";
import { unwrapper } from "./rewrap.ts";
import { runShell, type Ran } from "./shell.ts";
import type { Stack } from "./stack.ts";

type Variables = Readonly<Record<string, string>>;

/** What a replay is given. */
export interface ReplayOptions {
  readonly server: Server;
  readonly narrate: Narrate;
  /** Ends the replay: everything it started is stopped and removed before its promise rejects. */
  readonly signal: AbortSignal;
  /** Takes the pooler's stand-in also where PgBouncer is installed. Default false. */
  readonly standIn?: boolean;
  /** What the team keeps its schema with. Default: Drizzle. */
  readonly stack?: Stack;
}

export interface StageOptions extends ReplayOptions {
  /** The release that runs when the story begins, and on how many instances. Default 1. */
  readonly release: "v1" | "v2";
  readonly instances?: number;
  /** How many of the storefront's migrations production has. */
  readonly applied: number;
  /** How many of them are in the team's folder. Default: all. */
  readonly written?: number;
  /** Puts a pooler in transaction mode before production; the shop and the pipelines go through it. */
  readonly pooled?: boolean;
  /** Production was deployed with Lockstep before, and its instances register themselves. */
  readonly registered?: boolean;
  /** Names of further releases, and whose code each one is. */
  readonly releases?: Readonly<Record<string, "v1" | "v2">>;
}

export interface Stage extends AsyncDisposable {
  /** The team's checkout. */
  readonly folder: string;
  readonly stack: Stack;
  /** Production, past any pooler. */
  readonly databaseUrl: string;
  /** What stands before it. */
  readonly pooler: Pooler | undefined;
  readonly host: Host;
  readonly control: Control;
  /** What pipelines find in their environment. */
  readonly env: Variables;
  /** Looks into production. */
  sql<Row extends pg.QueryResultRow>(text: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Opens the doors; customers come until the crowd leaves. */
  crowd(options: Pick<CrowdOptions, "products" | "everyMs"> & Partial<CrowdOptions>): Crowd;
  /** Tells and runs a script of `examples/incidents`, e.g. `001-day-one/naive-deploy.sh`. */
  pipeline(script: string, env?: Variables): Promise<Ran>;
  /** Tells and runs one line of the team's. */
  type(line: string, env?: Variables): Promise<Ran>;
  /** Tells and runs a line in which Lockstep has the word; `brief` as in `essentials`. */
  lockstep(
    line: string,
    options?: { readonly env?: Variables; readonly brief?: boolean },
  ): Promise<Ran>;
  /** The URL of another environment's database, with every migration of the storefront. */
  secondDatabase(): Promise<string>;
  /** Takes something over that ends with the stage. */
  keep<Prop extends AsyncDisposable>(prop: Prop): Prop;
}

const webhookSecret = "whsec_replayed_on_this_machine";

export async function openStage(options: StageOptions): Promise<Stage> {
  options.signal.throwIfAborted();
  const props = new Props();
  try {
    return await furnish(options, props);
  } catch (error) {
    await props[Symbol.asyncDispose]();
    throw error;
  }
}

async function furnish(options: StageOptions, props: Props): Promise<Stage> {
  const { server, narrate, signal, applied, written = countMigrations() } = options;
  const { stack = drizzleStack } = options;
  const folder = join(props.folder, "shop");
  const bin = join(props.folder, "bin");
  layOut(folder, stack, written);
  writeCommands(bin, stack);

  const database = props.keep(await makeDatabase(server, stack, applied));
  const start = options.standIn === true ? startStandIn : startPooler;
  const pooler = options.pooled === true ? await start({ url: database.url }) : undefined;
  if (pooler) props.keep(pooler, () => pooler.kill());
  const entrance = pooler?.url ?? database.url;
  const pool = new pg.Pool({
    connectionString: database.url,
    max: 2,
    application_name: "onlooker",
  });
  pool.on("error", () => {});
  props.keep({ [Symbol.asyncDispose]: () => pool.end() });

  const common = { ...inherited(), DATABASE_URL: entrance, STRIPE_WEBHOOK_SECRET: webhookSecret };
  const contractOf = (release: string) => {
    const file = join(folder, "contracts", `${release}.json`);
    return existsSync(file) ? file : undefined;
  };
  const host = await Host.open({
    releases: { v1: "v1", v2: "v2", ...options.releases },
    contractOf,
    env: { ...common, WORKER_INTERVAL_MS: "50" },
  });
  props.keep(host, () => host.kill());
  const control = props.keep(await openControl(host));
  const env = {
    ...common,
    PATH: [bin, process.env["PATH"] ?? ""].join(delimiter),
    DIRECT_URL: database.url,
    HOSTING_URL: control.url,
    SHOP_URL: host.url,
    NO_COLOR: "1",
  };
  const shell = (line: string, more: Variables, onLine: (text: string) => void) =>
    runShell({ line, cwd: folder, env: { ...env, ...more }, signal, onLine });
  const tell = (text: string) => {
    if (!isChatter(text)) narrate({ kind: "output", by: "pipeline", text });
  };
  // A throw-away database has a long address; the story calls it production.
  const addresses = [database.url, entrance].map((url) => {
    const { username, host, pathname } = new URL(url);
    return `${username}@${host}${pathname}`;
  });

  if (options.registered === true) {
    const builds = [options.release, ...Object.keys(options.releases ?? {})].map(
      (release) =>
        `RELEASE=${release} lockstep contract build --release ${release} --output contracts/${release}.json`,
    );
    const { exitCode, lines } = await shell(
      ["lockstep migrate", ...builds].join(" && "),
      {},
      () => {},
    );
    if (exitCode !== 0) throw new Error(lines.join("\n"));
  }
  await host.rollOut(options.release, options.instances);

  return {
    folder,
    stack,
    databaseUrl: database.url,
    pooler,
    host,
    control,
    env,
    keep: (prop) => props.keep(prop),
    secondDatabase: async () =>
      props.keep(await makeDatabase(server, stack, countMigrations())).url,
    async sql(text, params) {
      return (await pool.query(text, params?.slice())).rows as never;
    },
    crowd: (wishes) =>
      props.keep(
        new Crowd({
          baseUrl: host.url,
          databaseUrl: database.url,
          webhookSecret,
          // Long enough for a busy machine; a customer stops waiting when the mail is there.
          deliveryTimeoutMs: 20_000,
          signal,
          ...wishes,
        }),
      ),
    async pipeline(script, more = {}) {
      const file = join(incidents, script);
      copyFileSync(file, join(folder, "deploy.sh"));
      for (const text of linesOf(readFileSync(file, "utf8"))) narrate({ kind: "command", text });
      return shell("exec sh ./deploy.sh", more, tell);
    },
    async type(line, more = {}) {
      narrate({ kind: "command", text: line });
      return shell(line, more, tell);
    },
    async lockstep(line, { env: more = {}, brief = false } = {}) {
      narrate({ kind: "command", text: line });
      const isEssential = essentials({ brief });
      const whole = unwrapper((raw) => {
        const text = addresses.reduce((told, each) => told.replaceAll(each, "production"), raw);
        if (text.trim() !== "" && isEssential(text))
          narrate({ kind: "output", by: "lockstep", text });
      });
      const ran = await shell(line, more, (text) => whole.add(text));
      whole.end();
      return ran;
    },
    [Symbol.asyncDispose]: () => props[Symbol.asyncDispose](),
  };
}

/** What a script does, without its comments. */
function linesOf(script: string): readonly string[] {
  return script.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("#"));
}

/** Nothing of the machine's environment that could lead a replay elsewhere. */
function inherited(): Record<string, string> {
  const names = ["HOME", "LANG", "LOCKSTEP_SCRATCH_HOME", "PATH", "USER"];
  const known = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(known), TMPDIR: tmpdir() };
}
