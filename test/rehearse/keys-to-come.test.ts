import { expect, it } from "vitest";
import { keysToCome } from "../../src/rehearse/keys-to-come.ts";
import type { Migration } from "../../src/tools/index.ts";

it("takes the foreign keys over columns that are there, and none of what the migrations make themselves", async () => {
  const sql = `
    ALTER TABLE orders ADD CONSTRAINT there FOREIGN KEY (customer) REFERENCES customers (id);
    ALTER TABLE orders ADD COLUMN seller bigint, ADD CONSTRAINT own FOREIGN KEY (seller) REFERENCES sellers;
    CREATE TABLE notes (id bigint, "order" bigint);
    ALTER TABLE public.notes ADD CONSTRAINT new FOREIGN KEY ("order") REFERENCES orders;
    ALTER TABLE archive.notes ADD CONSTRAINT other FOREIGN KEY ("order") REFERENCES orders;`;
  const keys = await keysToCome([{ id: "1", file: "1.sql", sql } as Migration]);
  expect(keys.map(({ table, columns }) => [table.schema, table.name, columns])).toEqual([
    [undefined, "orders", ["customer"]],
    ["archive", "notes", ["order"]],
  ]);
});
