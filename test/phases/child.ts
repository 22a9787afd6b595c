import { text } from "node:stream/consumers";
import { join } from "node:path";
import { signalNames } from "../../src/backfill/index.ts";
import { readPlan } from "../../src/plan/index.ts";
import { runPhase, type CarriedPhase } from "../../src/phases/index.ts";
import { loadParser } from "../../src/sql/index.ts";
import { readMigrations } from "../../src/tools/index.ts";

// A process of its own that carries a plan. Once it is told [URL, ROOT, PLAN, PHASE…] it prints one event a line, then
// the outcome.
void (async () => {
  await Promise.all([loadParser(), import("pg")]);
  const told = await text(process.stdin);
  if (told === "") return;
  const [url, root, id, ...phases] = JSON.parse(told) as readonly string[];
  const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
  print({ begun: true });
  try {
    const migrations = await readMigrations({ folder: "migrations", cwd: root! });
    const plan = await readPlan(join(root!, "lockstep", "plans", id!), root!);
    const migration = migrations.migrations.find((one) => one.id === plan.manifest.migration.id)!;
    for (const phase of phases as CarriedPhase[])
      await runPhase({
        url: url!,
        plan,
        phase,
        carries: { migrations, migration },
        emit: print,
        options: { lockTimeoutMs: 500, heartbeatMs: 1_000 },
        backfill: { vacuum: false, steering: { ignore: signalNames } },
      });
    print({ outcome: "succeeded" });
  } catch (error) {
    const { code, message, explanation } = error as {
      code?: string;
      message: string;
      explanation?: unknown;
    };
    print({ outcome: code ?? "crashed", message, explanation });
    process.exitCode = 1;
  }
})();
