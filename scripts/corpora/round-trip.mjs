/**
 * Takes every migration of real products back: by the way back that the product has written, and by the inverse that the
 * catalogs tell. After each is the catalog compared with the one before the migration, and after the migration again with the one
 * after it; `pg_dump --schema-only` is asked the same, and each of the two must find what the other finds.
 *
 *   node scripts/corpora/round-trip.mjs CORPORA OUT [--major 15] [--only PRODUCT]… [--step NAME]… [--by file|inverse]
 *
 * CORPORA is what `load.mjs` wrote, OUT gets one JSON object a line more. `pg_dump` in PATH must be of that major or newer. Ends
 * with 1 when the two do not agree, or when something failed that is no refusal.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { createJiti } from "jiti";

const jiti = createJiti(import.meta.url);
const { startScratch } = await jiti.import("../../src/scratch/index.ts");
const { Session } = await jiti.import("../../src/pg/index.ts");
const { diff, introspect } = await jiti.import("../../src/catalog/index.ts");
const { runOnScratch } = await jiti.import("../../src/deploy/index.ts");
const { inverseOf, writtenBack } = await jiti.import("../../src/rollback/back.ts");
const { applyBack } = await jiti.import("../../src/rollback/apply.ts");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    major: { type: "string", default: "15" },
    only: { type: "string", multiple: true },
    step: { type: "string", multiple: true },
    by: { type: "string", multiple: true, default: ["file", "inverse"] },
  },
});
const [corpora, out] = positionals;
const vector = readFileSync(join(dirname(fileURLToPath(import.meta.url)), "vector.sql"), "utf8");
const products =
  values.only ??
  readdirSync(corpora, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );

const scratch = await startScratch({ major: Number(values.major) });
let disagreements = 0;
for (const product of products) {
  const counts = await takeAllBack(product);
  for (const [by, outcomes] of Object.entries(counts)) {
    const text = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
    process.stdout.write(`${product} by ${by}: ${text.join(", ")}\n`);
  }
}
await scratch.close();
process.exitCode = disagreements === 0 ? 0 : 1;

async function takeAllBack(product) {
  const counts = {};
  const migrations = readFolder(product);
  const folderOf = (some) => ({
    tool: "sql",
    path: product,
    source: `sql:${product}`,
    migrations: some,
    ledger: undefined,
  });
  const work = await scratch.createDatabase();
  let before;
  for (const [index, migration] of migrations.entries()) {
    const folder = folderOf(migrations.slice(0, index + 1));
    const isAsked = values.step === undefined || values.step.includes(migration.id);
    if (isAsked) before ??= await look(work.url);
    await up(work.url, folder);
    const after = isAsked ? await look(work.url) : undefined;
    for (const by of isAsked ? values.by : []) {
      const tried = await takeBack(work.name, { folder, migration, before, after, by });
      if (tried === undefined) continue;
      appendFileSync(out, `${JSON.stringify({ product, step: migration.id, by, ...tried })}\n`);
      counts[by] ??= {};
      counts[by][tried.outcome] = (counts[by][tried.outcome] ?? 0) + 1;
      const isWrong = (tried.unseen ?? []).length + (tried.unconfirmed ?? []).length > 0;
      if (isWrong || tried.outcome === "crashed") disagreements++;
    }
    before = after;
  }
  await work.drop();
  return counts;
}

function readFolder(product) {
  const folder = join(corpora, product);
  const json = (file) => JSON.parse(readFileSync(join(folder, file), "utf8"));
  const { outside } = json("transaction.json");
  return json("order.json").map((id) => {
    const file = join(product, `${id}.sql`);
    // The type `vector` comes from an extension that scratch lacks.
    const sql = readFileSync(join(corpora, file), "utf8").replace(
      /create extension if not exists vector;/i,
      vector,
    );
    return {
      id,
      file,
      sql,
      checksum: createHash("sha256").update(sql).digest("hex"),
      transaction: outside.includes(id) ? "statement" : "file",
      native: {},
    };
  });
}

/** Back and up again on a copy of the database after the migration; undefined where no way back is written. */
async function takeBack(template, { folder, migration, before, after, by }) {
  const written = writtenBack(folder, migration, corpora);
  if (by === "file" && written === undefined) {
    const isThere = existsSync(join(corpora, migration.file.replace(/\.sql$/, ".down.sql")));
    return isThere ? { outcome: "empty" } : undefined;
  }
  const copy = await scratch.createDatabase({ template });
  try {
    let back = written;
    if (by === "inverse") {
      try {
        const catalogs = { before: before.catalog, after: after.catalog };
        back = await onSession(copy.url, async (session) =>
          inverseOf(session, migration, catalogs),
        );
      } catch (error) {
        if (error.code !== "rollback-refused") throw error;
        const { what, found } = error.explanation;
        return { outcome: "refused", what, found };
      }
    }
    try {
      const recorded = folder.migrations.length;
      await applyBack({ url: copy.url, folder, migration, back, recorded, emit: () => {} });
    } catch (error) {
      if (error.explanation === undefined) throw error;
      const { what, found } = error.explanation;
      return { outcome: "fails", what, found };
    }
    const backed = await look(copy.url);
    const way = await compare(before, backed);
    const again = await up(copy.url, folder).then(
      async () => compare(after, await look(copy.url)),
      (error) => ({ fails: error.explanation?.found ?? error.message }),
    );
    const outcome =
      way.differences.length > 0
        ? "does not lead back"
        : again.fails !== undefined
          ? "back, not again"
          : again.differences.length > 0
            ? "back, again otherwise"
            : "exact";
    return {
      outcome,
      ...way,
      again,
      unseen: [...way.unseen, ...(again.unseen ?? [])],
      unconfirmed: [...way.unconfirmed, ...(again.unconfirmed ?? [])],
      ...(by === "inverse" ? { sql: back.sql } : {}),
    };
  } catch (error) {
    const { code, stack, explanation } = error;
    return { outcome: "crashed", code, stack, explanation };
  } finally {
    await copy.drop();
  }
}

async function up(url, folder) {
  await onSession(url, async (session) => {
    const history = { scratch, url, session, signal: undefined };
    await runOnScratch(history, folder, "the migrations", { allowOutOfOrder: true });
  });
}

async function onSession(url, work) {
  const session = await Session.open({ url, applicationName: "corpora" });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** The catalog as Lockstep reads it, and the entries of a dump. */
async function look(url) {
  const catalog = await onSession(url, async (session) => introspect(session));
  const { stdout } = await promisify(execFile)(
    "pg_dump",
    ["--schema-only", "--exclude-schema=lockstep", url],
    { maxBuffer: 2 ** 28 },
  );
  const entries = new Map();
  const heads = [...stdout.matchAll(/^-- Name: (.*); Type: (.*); Schema: (.*); Owner: .*$/gm)];
  for (const [index, { 0: head, 1: name, 2: type, 3: schema, index: at }] of heads.entries()) {
    const body = stdout.slice(at + head.length, heads[index + 1]?.index ?? stdout.length);
    entries.set(`${type} ${schema} ${name}`, withoutMarks(body));
  }
  return { catalog, entries };
}

/** What newer minors write around a dump is another one each time. */
function withoutMarks(body) {
  return body
    .split("\n")
    .filter((line) => !/^(?:\\(?:un)?restrict |SET default_|--|$)/.test(line))
    .join("\n");
}

/**
 * What differs by Lockstep, the order of columns left out as a rollback does; what only the dump has seen, and what only
 * Lockstep has, with that order.
 */
async function compare(before, after) {
  const differences = await diff(before.catalog, after.catalog, { columnOrder: false });
  const strictly = await diff(before.catalog, after.catalog);
  const dumped = [...new Set([...before.entries.keys(), ...after.entries.keys()])].filter(
    (entry) => before.entries.get(entry) !== after.entries.get(entry),
  );
  const words = (text) => text.split(/[^\p{L}\p{N}_$]+/u).filter((word) => word !== "public");
  const isOf = (entry, { kind, object }) => {
    const known = words(entry);
    // The sequences of a table's columns come and go with it.
    const isOwned = /^(?:extra|missing)-table$/.test(kind) && entry.startsWith("SEQUENCE ");
    return words(object).some((word) =>
      known.some((one) => one === word || (isOwned && one.startsWith(`${word}_`))),
    );
  };
  const named = ({ kind, object }) => `${kind} ${object}`;
  return {
    differences: differences.map(named),
    dumped,
    unseen: dumped.filter((entry) => !strictly.some((difference) => isOf(entry, difference))),
    unconfirmed: strictly
      .filter((difference) => !dumped.some((entry) => isOf(entry, difference)))
      .map(named),
  };
}
