/**
 * The two releases of the shop, in one code base.
 *
 * All modules are written against `Release`: the tables both releases have, and the few decisions in which
 * they differ. Drizzle names every column a table object knows in each `SELECT` and `RETURNING`, so handing
 * the release's own table objects through is what makes release 2 fail against the database of release 1,
 * exactly as a real deploy would.
 */
import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import * as v1 from "./schema/v1.ts";
import * as v2 from "./schema/v2.ts";

/** Columns that both releases have; the entitlement kinds of the newer one. */
export type Tables = Omit<typeof v1, "entitlements" | "entitlementKind"> &
  Pick<typeof v2, "entitlements">;

export type EntitlementKind = (typeof v2.entitlementKind.enumValues)[number];

export type ReleaseName = "v1" | "v2";

export interface Release {
  readonly name: ReleaseName;
  readonly tables: Tables;
  /** The product kinds this release sells, and what a purchase of each gives. */
  readonly grants: Readonly<Record<string, EntitlementKind>>;
  /** What a payment writes to its order besides `status` and `paid_at`. */
  readonly confirmation: Readonly<Record<string, SQL>>;
}

const release1: Release = {
  name: "v1",
  // Release 1 never writes `bundle`, so seeing its narrower enum as the wider one is harmless.
  tables: { ...v1, entitlements: v1.entitlements as unknown as Tables["entitlements"] },
  grants: { download: "download", license: "license" },
  confirmation: {},
};

const release2: Release = {
  name: "v2",
  tables: v2,
  grants: { ...release1.grants, bundle: "bundle" },
  confirmation: { confirmedAt: sql`now()` },
};

export const releases: Readonly<Record<ReleaseName, Release>> = { v1: release1, v2: release2 };
