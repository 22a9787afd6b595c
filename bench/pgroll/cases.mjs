/**
 * Changes that both tools have a way for: the statement that Lockstep plans, and the operation that pgroll starts and
 * completes. `isFill` says whether every row is written on the way.
 */
export const cases = [
  {
    title: "rename a column",
    naive: "ALTER TABLE item RENAME COLUMN code TO number",
    pgroll: { rename_column: { table: "item", from: "code", to: "number" } },
    fills: { lockstep: true, pgroll: false },
  },
  {
    title: "change a type (`integer` to `bigint`)",
    naive: "ALTER TABLE item ALTER COLUMN customer TYPE bigint",
    pgroll: {
      alter_column: {
        table: "item",
        column: "customer",
        type: "bigint",
        up: "customer::bigint",
        down: "customer::integer",
      },
    },
    fills: { lockstep: true, pgroll: true },
  },
  {
    title: "change a type (`numeric(10,2)` to `numeric(14,4)`)",
    naive: "ALTER TABLE item ALTER COLUMN price TYPE numeric(14,4)",
    pgroll: {
      alter_column: {
        table: "item",
        column: "price",
        type: "numeric(14,4)",
        up: "price::numeric(14,4)",
        down: "price::numeric(10,2)",
      },
    },
    fills: { lockstep: true, pgroll: true },
  },
  {
    title: "`SET NOT NULL`",
    naive: "ALTER TABLE item ALTER COLUMN email SET NOT NULL",
    pgroll: {
      alter_column: {
        table: "item",
        column: "email",
        nullable: false,
        up: "email",
        down: "email",
      },
    },
    fills: { lockstep: false, pgroll: true },
  },
  {
    title: "add a check",
    naive: "ALTER TABLE item ADD CONSTRAINT code_is_long CHECK (length(code) > 3)",
    pgroll: {
      create_constraint: {
        type: "check",
        table: "item",
        name: "code_is_long",
        check: "length(code) > 3",
        columns: ["code"],
        up: { code: "code" },
        down: { code: "code" },
      },
    },
    fills: { lockstep: false, pgroll: true },
  },
  {
    title: "add a unique constraint",
    naive: "ALTER TABLE item ADD CONSTRAINT item_code_key UNIQUE (code)",
    pgroll: {
      create_constraint: {
        type: "unique",
        table: "item",
        name: "item_code_key",
        columns: ["code"],
        up: { code: "code" },
        down: { code: "code" },
      },
    },
    fills: { lockstep: false, pgroll: true },
  },
  {
    title: "add a column with a volatile default",
    naive: "ALTER TABLE item ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()",
    pgroll: {
      add_column: {
        table: "item",
        column: { name: "token", type: "uuid", nullable: false, default: "gen_random_uuid()" },
        up: "gen_random_uuid()",
      },
    },
    fills: { lockstep: true, pgroll: true },
  },
  {
    title: "create an index",
    naive: "CREATE INDEX item_customer ON item (customer)",
    pgroll: {
      create_index: { name: "item_customer", table: "item", columns: [{ column: "customer" }] },
    },
    fills: { lockstep: false, pgroll: false },
  },
  {
    title: "drop a column",
    naive: "ALTER TABLE item DROP COLUMN note",
    pgroll: { drop_column: { table: "item", column: "note", down: "''" } },
    fills: { lockstep: false, pgroll: false },
  },
];
