/** SQL of a schema of `tables` tables: 10 columns, a primary key, 2 indexes, a foreign key and a check each. */
export function schemaSql(tables) {
  const statements = [];
  for (let index = 0; index < tables; index++) {
    const parent = index === 0 ? "" : `, FOREIGN KEY (parent_id) REFERENCES t${index - 1} (id)`;
    statements.push(
      `CREATE TABLE t${index} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent_id bigint,
        name varchar(320) NOT NULL, state text NOT NULL DEFAULT 'new', amount numeric(12,2) NOT NULL DEFAULT 0,
        tags text[], payload jsonb, active boolean NOT NULL DEFAULT true, created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz, CHECK (amount >= 0)${parent})`,
      `CREATE INDEX t${index}_parent ON t${index} (parent_id)`,
      `CREATE UNIQUE INDEX t${index}_name ON t${index} (name)`,
    );
  }
  return statements;
}

/** Runs the statements in transactions of 500, so that the lock table does not run full. */
export async function load(session, statements) {
  for (let from = 0; from < statements.length; from += 500)
    await session.query(["BEGIN", ...statements.slice(from, from + 500), "COMMIT"].join(";\n"));
}
