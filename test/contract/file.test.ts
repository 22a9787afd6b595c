import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildContract } from "../../src/contract/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

let scratch: Scratch;
let root: string;

beforeAll(async () => {
  scratch = await startScratch();
  root = mkdtempSync(join(tmpdir(), "lockstep-file-"));
});

afterAll(async () => {
  await scratch.close();
  rmSync(root, { recursive: true, force: true });
});

function build(text: string | Uint8Array) {
  writeFileSync(join(root, "contract.json"), text);
  return buildContract({
    source: { kind: "file", path: "contract.json" },
    release: "v1",
    scratch,
    root,
  });
}

describe("a contract written by hand", () => {
  it("is read in Postgres' own words, with the line of everything", async () => {
    const contract = await build(`{
  // what the worker touches
  "enums": { "status": ["new", "paid"] },
  "tables": {
    "orders": {
      "columns": {
        "id": "uuid",
        "status": { "type": "status", "nullable": false, "default": "'new'" },
        "email": { "type": "varchar(320)", "nullable": true },
        "channel": { "type": "text", "values": ["web", "phone"] },
      },
      "primaryKey": "id",
      "unique": [["email"]],
      "access": ["select", "insert"],
    },
    "shop.items": { "columns": { "tags": "text[]" } },
  },
  "env": ["STRIPE_KEY"],
  "checks": [{ "name": "flag", "sql": "SELECT true", "equals": true }],
  "role": "app",
}`);
    const [orders, items] = contract.tables;
    expect(orders).toMatchObject({ from: "contract.json:5", access: ["select", "insert"] });
    expect(orders!.columns).toMatchObject([
      // A bare type says nothing about NULL; a key says it.
      { name: "id", type: "uuid", nullable: null, supplied: true, from: "contract.json:7" },
      { type: "public.status", nullable: false, default: "'new'::public.status", supplied: false },
      { type: "character varying(320)", nullable: true, supplied: false, from: "contract.json:9" },
      { values: ["web", "phone"] },
    ]);
    expect(orders!.unique).toMatchObject([
      { keys: ["email"], primary: false },
      { keys: ["id"], primary: true },
    ]);
    expect(items).toMatchObject({ schema: "shop", columns: [{ type: "text[]" }] });
    expect(contract).toMatchObject({
      role: "app",
      env: [{ name: "STRIPE_KEY", from: "contract.json:18" }],
      checks: [{ name: "flag", equals: true, from: "contract.json:19" }],
    });
    expect(contract.enums[0]).toMatchObject({ labels: ["new", "paid"], from: "contract.json:3" });
  });

  it.each([
    ['{\n "table": {}}', "contract.json:2", 'did you mean "tables"?'],
    ['{"tables": {"a": {\n"colums": {}}}}', "contract.json:2", 'did you mean "columns"?'],
    [
      '{"tables": {"a": {"columns": {\n"b": "intger"}}}}',
      "contract.json:2",
      'did you mean "integer"?',
    ],
    [
      '{"tables": {"a": {"columns": {"b": {"type": "text", "nulable": true}}}}}',
      "contract.json:1",
      'did you mean "nullable"?',
    ],
    [
      '{"enums": {"status": ["a"]}, "tables": {"a": {"columns": {"b": "statuss"}}}}',
      "contract.json:1",
      'did you mean "status"?',
    ],
    [
      '{"tables": {"a": {"columns": {"b": "text"}, "access": ["insrt"]}}}',
      "contract.json:1",
      'did you mean "insert"?',
    ],
    [
      '{"tables": {"a": {"columns": {"b": "text); DROP TABLE x; --"}}}}',
      "contract.json:1",
      "correct contract.json:1",
    ],
    [
      '{"tables": {"a": {"columns": {"b": "text NOT NULL"}}}}',
      "contract.json:1",
      "correct contract.json:1",
    ],
    [
      '{"tables": {"a": {"columns": {"b": {"type": "text", "default": "1); DROP TABLE x; --"}}}}}',
      "contract.json:1",
      "correct contract.json:1",
    ],
    [
      '{"checks": [{"name": "x", "sql": "SELECT 1"}]}',
      "contract.json:1",
      "correct contract.json:1",
    ],
    ['{"env": [1]}', "contract.json:1", "correct contract.json:1"],
    ['{\n"tables": [}', "contract.json:2", "correct contract.json:2"],
    ['{"a": b()}', "contract.json:1", "correct contract.json:1"],
    ["", "contract.json:1", "correct contract.json:1"],
  ])("explains %j", async (text, from, next) => {
    await expect(build(text)).rejects.toMatchObject({
      code: "contract-source",
      explanation: { from, next: [next] },
    });
  });

  it("explains what Postgres alone can tell, and bytes that are no text", async () => {
    await expect(
      build('{"tables": {"a": {"columns": {"b": "a_type_of_ours"}}}}'),
    ).rejects.toMatchObject({
      code: "contract-source",
      explanation: { found: 'type "a_type_of_ours" does not exist' },
    });
    await expect(build(new Uint8Array([0x7b, 0xff, 0x7d]))).rejects.toMatchObject({
      code: "contract-source",
      explanation: { found: "bytes that are not UTF-8" },
    });
  });
});
