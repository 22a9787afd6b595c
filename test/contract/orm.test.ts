import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildContract, type Contract } from "../../src/contract/index.ts";
import { runGate } from "../../src/gate/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { drizzleProject, ormProjects } from "./orm-projects.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

describe.each([drizzleProject, ...ormProjects])(
  "a contract from $title",
  ({ root, source, migrate }) => {
    let contract: Contract;
    beforeAll(async () => {
      contract = await buildContract({ source, release: "v1", scratch, root });
    }, 300_000);

    it("is what the ORM's own migrations make, with nothing else to say", async () => {
      expect(contract.tables.length + contract.views.length).toBeGreaterThan(40);
      const database = await scratch.createDatabase();
      await using session = await Session.open({ url: database.url, applicationName: "test" });
      await migrate(session);
      const { differences } = await runGate({ contract, database: session, environment: "test" });
      expect(differences).toEqual([]);
    }, 300_000);

    it("has file and line of everything", () => {
      const unplaced = [...contract.tables, ...contract.views, ...contract.enums].flatMap((one) => {
        const {
          unique = [],
          foreignKeys = [],
          indexes = [],
          checks = [],
          columns = [],
        } = {
          ...("columns" in one ? one : {}),
        } as Partial<Contract["tables"][number]>;
        return [one, ...columns, ...unique, ...foreignKeys, ...indexes, ...checks]
          .filter(({ from }) => from === undefined)
          .map(({ name }) => `${one.name}.${name}`);
      });
      expect(unplaced).toEqual([]);
    });
  },
);
