/** The catalogue: products of every kind, and the files behind them. Run it as often as you like. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { isEntry } from "./entry.ts";
import { assetsDir } from "./home.ts";
import * as tables from "./schema/v1.ts";
import type { Database } from "./shop.ts";
import { openDatabase } from "./shop.ts";

const fileNames = ["interface-kit.txt", "email-templates.txt", "icon-set.svg"] as const;

interface SeedProduct {
  readonly slug: string;
  readonly name: string;
  readonly kind: "download" | "license" | "bundle";
  readonly priceCents: number;
  readonly files: readonly (typeof fileNames)[number][];
}

/** Bundles are in the catalogue from the start; release 1 neither lists nor sells them. */
export const catalogueSeed: readonly SeedProduct[] = [
  {
    slug: "icon-set",
    name: "Icon set",
    kind: "download",
    priceCents: 1_900,
    files: ["icon-set.svg"],
  },
  {
    slug: "interface-kit",
    name: "Interface kit",
    kind: "license",
    priceCents: 7_900,
    files: ["interface-kit.txt"],
  },
  {
    slug: "studio-bundle",
    name: "Studio bundle",
    kind: "bundle",
    priceCents: 9_900,
    files: ["interface-kit.txt", "email-templates.txt", "icon-set.svg"],
  },
];

const contentTypes: Readonly<Record<string, string>> = {
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
};

/** Needs the tables of release 1, which all later releases have. */
export async function seed(db: Database): Promise<void> {
  const { files, productFiles, products } = tables;
  const stored = await Promise.all(
    fileNames.map(async (fileName) => {
      const content = await readFile(join(assetsDir, fileName));
      return {
        storageKey: fileName,
        fileName,
        contentType: contentTypes[fileName.split(".").at(-1) ?? ""] ?? "application/octet-stream",
        sizeBytes: content.byteLength,
        sha256: createHash("sha256").update(content).digest("hex"),
      };
    }),
  );
  await db.transaction(async (tx) => {
    const fileRows = await tx
      .insert(files)
      .values(stored)
      .onConflictDoUpdate({
        target: files.storageKey,
        set: { sizeBytes: sql`excluded.size_bytes`, sha256: sql`excluded.sha256` },
      })
      .returning();
    const productRows = await tx
      .insert(products)
      .values(
        catalogueSeed.map(({ slug, name, kind, priceCents }) => ({ slug, name, kind, priceCents })),
      )
      .onConflictDoUpdate({
        target: products.slug,
        set: { name: sql`excluded.name`, priceCents: sql`excluded.price_cents` },
      })
      .returning();
    const fileIds = new Map(fileRows.map((row) => [row.storageKey, row.id]));
    const productIds = new Map(productRows.map((row) => [row.slug, row.id]));
    const links = catalogueSeed.flatMap((product) =>
      product.files.map((fileName, position) => ({
        productId: productIds.get(product.slug) ?? "",
        fileId: fileIds.get(fileName) ?? "",
        position,
      })),
    );
    await tx.insert(productFiles).values(links).onConflictDoNothing();
  });
}

if (isEntry(import.meta.url)) {
  await using database = openDatabase(process.env["DATABASE_URL"] ?? "");
  await seed(database.db);
  console.log(`${catalogueSeed.length} products are in the catalogue`);
}
