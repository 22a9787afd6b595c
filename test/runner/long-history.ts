/**
 * A history of 60 files that meets everything a run can be killed in: transactions, concurrent index builds (named,
 * unnamed, unique), drops and rebuilds of indexes, enum values used in the file that adds them, files of several
 * units, partitions detached concurrently. Every transaction counts itself in `effect`.
 */
export function longHistory(): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (let index = 0; index < 60; index++)
    files[`${String(index).padStart(3, "0")}_step`] = stepSql(index);
  return files;
}

function stepSql(index: number): string {
  const count = (part = "") => `INSERT INTO effect VALUES ('${index}${part}');`;
  const before = index - 6;
  if (index === 0)
    return `CREATE TABLE effect (name text);
      CREATE TABLE big (id int, v text, n int);
      INSERT INTO big SELECT i, md5(i::text), i % 100 FROM generate_series(1, 60000) i;
      CREATE TYPE mood AS ENUM ('v0');
      CREATE TABLE parts (id int, at int) PARTITION BY LIST (at);
      ${count()}`;
  switch (index % 6) {
    case 0:
      return `CREATE TABLE t${index} (id int PRIMARY KEY, v text);
        DO $$ BEGIN PERFORM pg_sleep(0.02); END $$;
        ALTER TABLE t${index} ADD COLUMN extra int DEFAULT 3; ${count()}`;
    case 1:
      return `CREATE INDEX CONCURRENTLY big_${index} ON big (v, (n + ${index}));`;
    case 2:
      return `${count("a")} ALTER TYPE mood ADD VALUE 'v${index}'; CREATE TABLE m${index} (mood mood DEFAULT 'v${index}'); ${count("b")}`;
    case 3:
      return `CREATE TABLE u${index} AS SELECT * FROM big LIMIT 2000; ${count("a")}
        CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS u${index}_id ON u${index} (id);
        ALTER TABLE u${index} ADD CONSTRAINT u${index}_pkey PRIMARY KEY USING INDEX u${index}_id; ${count("b")}
        CREATE INDEX CONCURRENTLY ON u${index} (n) WHERE n > ${index};`;
    case 4:
      return index < 10
        ? `CREATE TABLE p${index} PARTITION OF parts FOR VALUES IN (${index}); ${count()}`
        : `CREATE TABLE p${index} PARTITION OF parts FOR VALUES IN (${index}); ${count()} ALTER TABLE parts DETACH PARTITION p${before} CONCURRENTLY;`;
    default:
      return index < 10
        ? `REINDEX INDEX CONCURRENTLY big_1; ${count()}`
        : `DROP INDEX CONCURRENTLY big_${before - 4}; REINDEX TABLE CONCURRENTLY big; ${count()}`;
  }
}

/** How many rows `effect` has in the end. */
export const effects = 70;
