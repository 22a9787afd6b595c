import { Session } from "../../../src/pg/index.ts";
import type { Proof } from "../../../src/plan/prove/proof.ts";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import { splitStatements } from "../../../src/plan/split.ts";
import { startScratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { planOf } from "../operation-harness.ts";

/** The proof of the plan that a migration gets on a schema with rows, on a server of its own. */
export async function proofOf(base: string, naive: string): Promise<Proof> {
  await using scratch = await startScratch({ major: 18 });
  const { plan } = await planOf(scratch, base, naive);
  if (plan === undefined) throw new Error("refused");
  const { name } = await scratch.createDatabase();
  {
    await using session = await Session.open({
      url: scratch.urlOf(name),
      applicationName: "test",
    });
    await session.batch(base);
  }
  const statements = splitStatements(await parseSql(naive, "naive.sql"), "naive.sql");
  const request = { scratch, template: name, naive: statements, searchPath: ["public"] };
  return await provePlan({ ...request, plan });
}
