import type pg from "pg";
import { CallOracle } from "../call-oracle.ts";
import type { Model, Prisma } from "./client.ts";
import { dataFor, delegateOf, relations, scenariosOf, type Row, type Seeds } from "./scenarios.ts";

/** Writes rows into each table, one with everything and one without children to hang new rows on, and asks the real client. */
export async function prismaOracle(prisma: Prisma, pool: pg.Pool): Promise<CallOracle<Model>> {
  const { client } = prisma;
  const seeds = new Map<string, Row>();
  const spares = new Map<string, Row>();
  for (const model of inOrder(prisma.dmmf.datamodel.models)) {
    const create = async (parents: Seeds, variant: number) => {
      await pool.query("BEGIN");
      try {
        const data = dataFor(prisma, model, parents, variant, "all");
        const row = (await delegateOf(client, model)["create"]!({ data })) as Row;
        await pool.query("COMMIT");
        return row;
      } catch {
        await pool.query("ROLLBACK");
        return undefined;
      }
    };
    const first = async () => (await delegateOf(client, model)["findFirst"]!({})) as Row | null;
    const seed = (await create(seeds, 1)) ?? (await first()) ?? undefined;
    if (seed !== undefined) seeds.set(model.name, seed);
    // Refused where a parent has one child only: such rows are nobody's parents here.
    const spare = await create(seeds, 2);
    if (spare !== undefined) spares.set(model.name, spare);
  }
  return new CallOracle(pool, (model) =>
    scenariosOf(prisma, model, seeds, spares).map(({ run, ...scenario }) => ({
      ...scenario,
      run: () => run(client),
    })),
  );
}

/** Parents first. */
function inOrder(models: readonly Model[]): readonly Model[] {
  const done = new Set<Model>();
  const visit = (model: Model) => {
    if (done.has(model)) return;
    done.add(model);
  };
  for (let before = -1; before !== done.size;) {
    before = done.size;
    for (const model of models)
      if (
        relations(model).every(
          ({ relationFromFields = [], type }) =>
            relationFromFields.length === 0 ||
            type === model.name ||
            [...done].some(({ name }) => name === type),
        )
      )
        visit(model);
  }
  return [...done];
}
