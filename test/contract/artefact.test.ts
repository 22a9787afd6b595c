import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { canonicalJson } from "../../src/contract/canonical.ts";
import {
  contractVersion,
  hashContract,
  parseContract,
  readContract,
  writeContract,
  type Contract,
  type ContractBody,
} from "../../src/contract/index.ts";

const body: ContractBody = {
  tables: [
    {
      schema: "public",
      name: "orders",
      unqualified: true,
      access: ["select", "insert"],
      rowSecurity: false,
      columns: [
        {
          name: "id",
          type: "uuid",
          nullable: false,
          default: "gen_random_uuid()",
          identity: null,
          generated: null,
          collation: null,
          supplied: false,
          values: null,
          from: "src/schema.ts:4",
        },
      ],
      unique: [],
      foreignKeys: [],
      checks: [],
      indexes: [],
      from: "src/schema.ts:3",
    },
  ],
  views: [],
  enums: [{ schema: "public", name: "kind", labels: ["a", "b"], labelFrom: { b: "x.ts:9" } }],
  domains: [],
  composites: [],
  sequences: [],
  env: [{ name: "KEY" }],
  checks: [
    { name: "flags", sql: "SELECT 1", equals: { from: "kept", deep: [1, { labelFrom: 2 }] } },
  ],
};

const contract: Contract = {
  version: contractVersion,
  release: "v1",
  hash: hashContract(body),
  source: "drizzle",
  major: 18,
  ...body,
};

const folder = mkdtempSync(join(tmpdir(), "lockstep-contract-"));
const file = join(folder, "out", "contract.json");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the artefact", () => {
  it("is read as it was written", () => {
    writeContract(file, contract);
    expect(readContract(file)).toEqual(contract);
  });

  it("has a hash of expectations alone", () => {
    const [table] = body.tables;
    const moved = { ...body, tables: [{ ...table!, from: "elsewhere.ts:1" }] };
    expect(hashContract(moved)).toBe(contract.hash);
    expect(hashContract({ ...body, role: "app" })).not.toBe(contract.hash);
    const [check] = body.checks;
    // Below `equals` a member named like a position is data.
    const answered = { ...body, checks: [{ ...check!, equals: { from: "other", deep: [] } }] };
    expect(hashContract(answered)).not.toBe(contract.hash);
  });

  it("keeps its hash through a store that sorts members, as jsonb does", () => {
    const sorted = JSON.parse(canonicalJson(contract)) as object;
    expect(parseContract(sorted, "the ledger").hash).toBe(contract.hash);
  });

  it.each([
    ["", "contract-invalid", "is not JSON"],
    ["{", "contract-invalid", "is not JSON"],
    ["<<<<<<< HEAD\n{}", "contract-invalid", "is not JSON"],
    ["[]", "contract-invalid", "has not the shape of one"],
    ["null", "contract-invalid", "has not the shape of one"],
    ['{"version": "1"}', "contract-invalid", "has not the shape of one"],
    ['{"version": 1, "release": "x"}', "contract-invalid", "has not the shape of one"],
    ['{"version": 2, "anything": true}', "contract-newer", "built by a newer Lockstep"],
    [
      JSON.stringify({ ...contract, tables: [{ name: "orders" }] }),
      "contract-invalid",
      "has not the shape of one",
    ],
    [
      JSON.stringify({ ...contract, env: [{ name: "OTHER" }] }),
      "contract-invalid",
      "is not what was built",
    ],
  ])("explains %j", (text, code, what) => {
    writeFileSync(join(folder, "bad.json"), text);
    expect(() => readContract(join(folder, "bad.json"))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(what) as string }),
    );
  });

  it("explains that there is none", () => {
    expect(() => readContract(join(folder, "none.json"))).toThrow(
      expect.objectContaining({ code: "file-unreadable", exitCode: 2 }),
    );
  });
});

describe("canonical JSON", () => {
  it("does not depend on the order of members and reads back as the same value", () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(value, (given) => {
        const data = { equals: given };
        const text = canonicalJson(data);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(data)));
        expect(canonicalJson(reversed(data))).toBe(text);
      }),
    );
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
