/**
 * What release 1 of the storefront expects of its database.
 *
 * Reading order follows the money: catalogue → order → payment → entitlement → delivery → jobs.
 * Every rule that keeps a customer from being charged twice, or served never, is a constraint here and
 * not only an `if` in the application: two processes can pass the same `if` at the same moment.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
} from "drizzle-orm/pg-core";

const at = (name: string) => timestamp(name, { withTimezone: true });

/** `review` is an order whose payment does not match it: a person has to look. */
export const orderStatus = pgEnum("order_status", [
  "pending",
  "paid",
  "fulfilled",
  "refunded",
  "review",
]);

export const paymentStatus = pgEnum("payment_status", [
  "requires_payment",
  "failed",
  "succeeded",
  "refunded",
]);

export const jobStatus = pgEnum("job_status", ["queued", "running", "done", "dead"]);

/** What a purchase gives its owner. */
export const entitlementKind = pgEnum("entitlement_kind", ["download", "license"]);

export const customers = pgTable("customers", {
  id: uuid("id").primaryKey().defaultRandom(),
  /** Trimmed and in lower case, so that one person is one row. */
  email: text("email").notNull().unique(),
  createdAt: at("created_at").notNull().defaultNow(),
});

export const products = pgTable(
  "products",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    slug: text("slug").notNull().unique(),
    name: text("name").notNull(),
    /** Text and not an enum: the catalogue may know kinds that this release does not sell yet. */
    kind: text("kind").notNull(),
    priceCents: integer("price_cents").notNull(),
    currency: text("currency").notNull().default("eur"),
    active: boolean("active").notNull().default(true),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (table) => [check("products_price_positive", sql`${table.priceCents} > 0`)],
);

export const files = pgTable("files", {
  id: uuid("id").primaryKey().defaultRandom(),
  /** Path below the storage directory. */
  storageKey: text("storage_key").notNull().unique(),
  fileName: text("file_name").notNull(),
  contentType: text("content_type").notNull(),
  sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
  sha256: text("sha256").notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
});

export const productFiles = pgTable(
  "product_files",
  {
    productId: uuid("product_id")
      .notNull()
      .references(() => products.id),
    fileId: uuid("file_id")
      .notNull()
      .references(() => files.id),
    position: integer("position").notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.productId, table.fileId] }),
    index("product_files_file_id_idx").on(table.fileId),
  ],
);

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
  },
  (table) => [
    index("orders_customer_id_idx").on(table.customerId),
    index("orders_status_created_at_idx").on(table.status, table.createdAt),
  ],
);

export const orderItems = pgTable(
  "order_items",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    orderId: uuid("order_id")
      .notNull()
      .references(() => orders.id),
    productId: uuid("product_id")
      .notNull()
      .references(() => products.id),
    /** The price at the time of the order; the product's may change later. */
    priceCents: integer("price_cents").notNull(),
  },
  (table) => [
    unique("order_items_order_id_product_id_key").on(table.orderId, table.productId),
    index("order_items_product_id_idx").on(table.productId),
  ],
);

export const payments = pgTable("payments", {
  id: uuid("id").primaryKey().defaultRandom(),
  orderId: uuid("order_id")
    .notNull()
    .unique()
    .references(() => orders.id),
  intentId: text("intent_id").notNull().unique(),
  status: paymentStatus("status").notNull().default("requires_payment"),
  amountCents: integer("amount_cents").notNull(),
  currency: text("currency").notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
  updatedAt: at("updated_at").notNull().defaultNow(),
});

export const webhookEvents = pgTable(
  "webhook_events",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    /** The provider's event id; its uniqueness is the replay protection. */
    eventId: text("event_id").notNull().unique(),
    type: text("type").notNull(),
    payload: jsonb("payload").notNull(),
    deliveries: integer("deliveries").notNull().default(1),
    occurredAt: at("occurred_at").notNull(),
    receivedAt: at("received_at").notNull().defaultNow(),
    processedAt: at("processed_at"),
    /** In words: what applying the event did, or why it did nothing. */
    outcome: text("outcome"),
    lastError: text("last_error"),
  },
  (table) => [index("webhook_events_received_at_idx").on(table.receivedAt)],
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

export const deliveryTokens = pgTable(
  "delivery_tokens",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    entitlementId: uuid("entitlement_id")
      .notNull()
      .references(() => entitlements.id),
    fileId: uuid("file_id")
      .notNull()
      .references(() => files.id),
    /** SHA-256 of the token in hex; the token itself is only in the customer's mail. */
    tokenHash: text("token_hash").notNull().unique(),
    maxDownloads: integer("max_downloads").notNull(),
    usedCount: integer("used_count").notNull().default(0),
    createdAt: at("created_at").notNull().defaultNow(),
    expiresAt: at("expires_at").notNull(),
    lastUsedAt: at("last_used_at"),
    revokedAt: at("revoked_at"),
    revokedReason: text("revoked_reason"),
  },
  (table) => [
    check("delivery_tokens_used_within_limit", sql`${table.usedCount} <= ${table.maxDownloads}`),
    index("delivery_tokens_entitlement_id_idx").on(table.entitlementId),
    index("delivery_tokens_file_id_idx").on(table.fileId),
  ],
);

export const downloads = pgTable(
  "downloads",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    tokenId: uuid("token_id")
      .notNull()
      .references(() => deliveryTokens.id),
    startedAt: at("started_at").notNull().defaultNow(),
  },
  (table) => [index("downloads_token_id_idx").on(table.tokenId)],
);

export const jobs = pgTable(
  "jobs",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    kind: text("kind").notNull(),
    /** The same work asked for twice is one job. */
    idempotencyKey: text("idempotency_key").notNull().unique(),
    payload: jsonb("payload").$type<Readonly<Record<string, string>>>().notNull(),
    status: jobStatus("status").notNull().default("queued"),
    attempts: integer("attempts").notNull().default(0),
    maxAttempts: integer("max_attempts").notNull(),
    runAt: at("run_at").notNull().defaultNow(),
    /** Who runs it and until when; a worker that lost its lease must not complete the job. */
    leaseId: uuid("lease_id"),
    leaseUntil: at("lease_until"),
    lastError: text("last_error"),
    createdAt: at("created_at").notNull().defaultNow(),
    finishedAt: at("finished_at"),
  },
  (table) => [
    index("jobs_open_run_at_idx")
      .on(table.runAt)
      .where(sql`${table.status} in ('queued', 'running')`),
  ],
);

/** The hand-over point to a mail service. `body` holds links, so it is emptied after a while. */
export const mails = pgTable(
  "mails",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    idempotencyKey: text("idempotency_key").notNull().unique(),
    recipient: text("recipient").notNull(),
    subject: text("subject").notNull(),
    body: text("body").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
    emptiedAt: at("emptied_at"),
  },
  (table) => [
    index("mails_recipient_created_at_idx").on(table.recipient, table.createdAt),
    index("mails_full_created_at_idx")
      .on(table.createdAt)
      .where(sql`${table.emptiedAt} is null`),
  ],
);

export const recoveryRequests = pgTable(
  "recovery_requests",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    /** As typed, normalized; there may be no such customer, and the one who asks is not told. */
    email: text("email").notNull(),
    requestedAt: at("requested_at").notNull().defaultNow(),
    handledAt: at("handled_at"),
    outcome: text("outcome"),
  },
  (table) => [index("recovery_requests_email_requested_at_idx").on(table.email, table.requestedAt)],
);
