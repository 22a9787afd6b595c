import { fingerprint, introspect } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";

/** All that a command could have changed: the catalog, and what stands in Lockstep's own schema. */
export async function stateOf(url: string): Promise<string> {
  await using session = await Session.open({ url, applicationName: "test" });
  const catalog = await fingerprint(await introspect(session));
  return `${catalog}\n${await ledgerText(session)}`;
}

/** Every row of every table of schema `lockstep`, as text; but for who held the lock last. */
export async function ledgerText(session: Session): Promise<string> {
  const { rows } = await session.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace('lockstep') AND relkind = 'r' AND relname <> 'lease' ORDER BY 1",
  );
  const lines: string[] = [];
  for (const { name } of rows) {
    const table = await session.query<{ row: string }>(
      `SELECT t::text AS row FROM lockstep."${name}" t ORDER BY 1`,
    );
    lines.push(...table.rows.map(({ row }) => `${name} ${row}`));
  }
  return lines.join("\n");
}
