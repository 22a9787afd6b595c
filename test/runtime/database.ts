import { introspect } from "../../src/catalog/index.ts";
import { buildContract, contractParts, type Contract } from "../../src/contract/index.ts";
import { installLedger } from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";

const shop = `
  CREATE TYPE status AS ENUM ('new', 'paid');
  CREATE DOMAIN email AS text CHECK (VALUE <> '');
  CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email email NOT NULL UNIQUE, note text);
  CREATE TABLE orders (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    status status NOT NULL DEFAULT 'new',
    total numeric(12,2) NOT NULL DEFAULT 0 CHECK (total >= 0),
    created_at timestamptz NOT NULL DEFAULT now());
  CREATE INDEX orders_customer_idx ON orders (customer_id);
  CREATE VIEW open_orders AS SELECT id, total FROM orders WHERE status = 'new'`;

/** A small shop with its contract and a role that has no rights on schema `lockstep`. */
export interface Shop {
  readonly url: string;
  /** The same database as the application's role. */
  readonly appUrl: string;
  readonly contract: Contract;
  readonly session: Session;
}

/** Makes the shop's database; with `ledger` as a deploy leaves it. */
export async function makeShop(
  scratch: Scratch,
  options: { readonly ledger: boolean },
): Promise<Shop> {
  const { url } = await scratch.createDatabase();
  const session = await Session.open({ url, applicationName: "test" });
  await session.batch(shop);
  await session.batch(`DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN CREATE ROLE app LOGIN PASSWORD 'app'; END IF;
  END $$; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app`);
  const catalog = await introspect(session, { parts: contractParts, schemas: ["public"] });
  const contract = await buildContract({
    source: { kind: "catalog", catalog },
    release: "v7",
    scratch,
    root: ".",
    env: [],
  });
  if (options.ledger) await installLedger(session);
  const app = new URL(url);
  app.username = "app";
  app.password = "app";
  return { url, appUrl: app.toString(), contract, session };
}
