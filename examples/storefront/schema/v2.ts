/**
 * What release 2 expects: everything of release 1, and bundles.
 *
 * A bundle is a product whose purchase gives one entitlement of a new kind over several files, and an order
 * now remembers when it was confirmed. `orders` and `entitlements` are written out again because they
 * changed; all other tables are those of release 1.
 */
import { index, integer, pgEnum, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { customers, orderItems, orderStatus } from "./v1.ts";

export {
  customers,
  deliveryTokens,
  downloads,
  files,
  jobs,
  jobStatus,
  mails,
  orderItems,
  orderStatus,
  payments,
  paymentStatus,
  productFiles,
  products,
  recoveryRequests,
  webhookEvents,
} from "./v1.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

export const entitlementKind = pgEnum("entitlement_kind", ["download", "license", "bundle"]);

export const orders = pgTable(
  "orders",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    customerId: uuid("customer_id")
      .notNull()
      .references(() => customers.id),
    status: orderStatus("status").notNull().default("pending"),
    totalCents: integer("total_cents").notNull(),
    currency: text("currency").notNull(),
    /** The client's idempotency key: a double click is one order. */
    checkoutKey: text("checkout_key").notNull().unique(),
    createdAt: at("created_at").notNull().defaultNow(),
    paidAt: at("paid_at"),
    fulfilledAt: at("fulfilled_at"),
    refundedAt: at("refunded_at"),
    /** When the customer was promised the goods; orders of release 1 have none. */
    confirmedAt: at("confirmed_at"),
  },
  (table) => [
    index("orders_customer_id_idx").on(table.customerId),
    index("orders_status_created_at_idx").on(table.status, table.createdAt),
    index("orders_confirmed_at_idx").on(table.confirmedAt),
  ],
);

export const entitlements = pgTable(
  "entitlements",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    customerId: uuid("customer_id")
      .notNull()
      .references(() => customers.id),
    /** One purchase gives one entitlement, however often the job that grants it runs. */
    orderItemId: uuid("order_item_id")
      .notNull()
      .unique()
      .references(() => orderItems.id),
    kind: entitlementKind("kind").notNull(),
    licenseKey: text("license_key").unique(),
    grantedAt: at("granted_at").notNull().defaultNow(),
    revokedAt: at("revoked_at"),
  },
  (table) => [index("entitlements_customer_id_idx").on(table.customerId)],
);
