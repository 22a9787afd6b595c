import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { commands, confirmed, Product, shop, v2 } from "../deploy/product.ts";
import { ledgerText } from "./untouched.ts";

/** Everything that means something in a URL, in SQL or in a shell. */
const canary = `C4n/ar?y#%&:@'"\\$ ü7`;
const secrets = [canary, encodeURIComponent(canary), "C4n/ar", "C4n%2Far"];

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
  await using session = await Session.open({ url: scratch.url, applicationName: "test" });
  await session.query(
    `CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '${canary.replaceAll("'", "''")}'`,
  );
});
afterAll(() => scratch.close());

/** A product whose URL has the password in it, and all that was ever printed for it. */
async function watched() {
  const product = await Product.make(scratch);
  const url = new URL(product.url);
  url.username = "keeper";
  url.password = encodeURIComponent(canary);
  const printed: string[] = [];
  return {
    product,
    run: async (argv: readonly string[], env: Readonly<Record<string, string>> = {}) => {
      const exits: number[] = [];
      for (const format of ["text", "json", "ndjson"]) {
        const result = await product.run([...argv, "--format", format], {
          env: { DATABASE_URL: url.toString(), ...env },
        });
        printed.push(result.stdout, result.stderr);
        exits.push(result.exitCode);
      }
      return exits;
    },
    expectSilence: async () => {
      await using session = await Session.open({ url: product.url, applicationName: "test" });
      const everything = [...printed, await ledgerText(session)].join("\n");
      for (const secret of secrets) expect(everything).not.toContain(secret);
      expect(everything.length).toBeGreaterThan(500);
    },
    [Symbol.asyncDispose]: async () => product[Symbol.asyncDispose](),
  };
}

describe("the password of the database is never repeated", () => {
  it("by a deploy whose command, probes and roll-back print it", async () => {
    await using shop = await watched();
    shop.product.write({
      deploy: {
        command: `echo "url: $DATABASE_URL"; node -e 'console.error(decodeURIComponent(new URL(process.env.DATABASE_URL).password))'`,
        rollback: 'echo "$DATABASE_URL"; exit 1',
      },
      probes: `[{ name: "leaky", run({ env, log }) {
        log("asking " + env.DATABASE_URL);
        throw new Error("cannot reach " + env.DATABASE_URL + " with " + decodeURIComponent(new URL(env.DATABASE_URL).password));
      } }]`,
    });
    expect(await shop.run(["deploy"])).toEqual([3, 3, 3]);
    await shop.expectSilence();
  });

  it("by failing migrations, status and gate", async () => {
    await using shop = await watched();
    shop.product.write({
      migrations: {
        "0003_role.sql": `CREATE ROLE keeper PASSWORD '${canary.replaceAll("'", "''")}';`,
      },
    });
    expect(await shop.run(["migrate"])).toEqual([3, 3, 3]);
    expect(await shop.run(["status"])).toEqual([1, 1, 1]);
    await shop.run(["gate", "--drift"]);
    await shop.run(["resolve", "0003_role", "--as", "applied"]);
    await shop.expectSilence();
  });

  it("when the login fails", async () => {
    await using shop = await watched();
    const env = {
      DATABASE_URL: shop.product.url.replace(/:[^:@/]+@/, `:${encodeURIComponent(canary)}@`),
    };
    expect(await shop.run(["migrate"], env)).toEqual([2, 2, 2]);
    expect(await shop.run(["deploy"], { DATABASE_URL: `postgres://keeper:${canary}@h/d` })).toEqual(
      [2, 2, 2],
    );
    await shop.run(["status"]);
    await shop.expectSilence();
  });
});

it("literals of other sessions' queries are masked wherever they are shown", async () => {
  await using product = await Product.make(scratch, {
    migrations: { "0001_shop.sql": shop },
    contract: v2,
    deploy: commands,
  });
  await product.run(["migrate"]);
  await using other = await product.hold("BEGIN; LOCK orders IN ACCESS SHARE MODE");
  await other.query("SELECT 'a.customer@example.com'");
  product.write({
    migrations: { "0002_confirmed.sql": confirmed },
    runner: { lockTimeoutMs: 1_500, attempts: 1 },
  });
  const { stderr } = await product.run(["migrate"]);
  expect(stderr).toContain("SELECT $1");
  expect(stderr).not.toContain("example.com");
});
