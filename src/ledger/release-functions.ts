/** Adds to the stamp how many rows of a catalog there are and the sum of their xmin, modulo 2^32. */
const part = (table: string, condition: string) => `
     SELECT count(*), sum(age(xmin)) INTO n, ages FROM pg_catalog.${table} WHERE ${condition};
     stamp := stamp || n || ':' || mod(n * clock - coalesce(ages, 0), 4294967296) || ' ';`;

const stampVariables = `
     clock CONSTANT bigint := age('3'::xid)::bigint + 3;
     stamp text := '';
     n bigint;
     ages bigint;
     guarded boolean;`;

/**
 * Makes the stamp from `relations`, `types`, `schemas` and `path`. From Postgres 18 on every NOT NULL is a row of
 * pg_constraint, which pg_attribute shows too; what foreign keys do then shows in fewer rows of pg_trigger.
 */
const makeStamp = `
     SELECT count(*), sum(age(xmin)), bool_or(relrowsecurity) INTO n, ages, guarded FROM pg_catalog.pg_class WHERE oid = ANY (relations);
     stamp := n || ':' || mod(n * clock - coalesce(ages, 0), 4294967296) || ' ';
     ${part("pg_attribute", "attrelid = ANY (relations) AND attnum > 0")}
     ${part("pg_index", "indrelid = ANY (relations)")}
     IF current_setting('server_version_num')::int >= 180000 THEN${part("pg_trigger", "tgrelid = ANY (relations)")}
     ELSE${part("pg_constraint", "conrelid = ANY (relations)")}
     END IF;
     ${part("pg_namespace", "oid = ANY (schemas)")}
     IF types <> '{}' THEN${[
       part("pg_type", "oid = ANY (types)"),
       part("pg_enum", "enumtypid = ANY (types)"),
       part("pg_constraint", "contypid = ANY (types)"),
     ].join("")}
     END IF;
     IF guarded THEN${part("pg_policy", "polrelid = ANY (relations)")}
     END IF;
     IF cardinality(path) > 1 THEN${part(
       "pg_class",
       `relnamespace IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ANY (path::name[]))
       AND relname IN (SELECT relname FROM pg_catalog.pg_class WHERE oid = ANY (relations))`,
     )}
     END IF;`;

/** A generic plan with index probes: one for the arrays' values costs more than it saves. */
const settings =
  "SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off";

const hashShape = "'^[0-9a-f]{64}$'";

/**
 * Functions in schema `lockstep`. Those that applications call run with the owner's rights, so that the
 * application's role needs no grant on a table; each bounds what it takes.
 *
 * `catalog_stamp` tells whether anything was changed in the catalog rows that a contract is about. Every DDL
 * either removes a row, which changes the count, or writes a row version with a new xmin, which changes the sum:
 * a new xmin is above all that were there, or belongs to a transaction that was open then, so two states never
 * share the set of xmins (the sum is exact up to a multiple of 2^32). `age()` counts from a number that is fixed within a statement (`age('3')` measures
 * it), which makes the sum independent of the time. Freezing keeps xmin (htup_details.h, HEAP_XMIN_FROZEN), VACUUM
 * and ANALYZE write pg_class in place. ALTER DEFAULT shows in pg_attribute.atthasdef, ADD CHECK in
 * pg_class.relchecks. With several schemas in the path, relations of the same names in them are looked at too:
 * one of them could come to hide another. Rows that a dump brings into another database never match: their oids and
 * xmins belong to the first.
 */
export const releaseFunctions: readonly string[] = [
  `CREATE OR REPLACE FUNCTION lockstep.catalog_stamp(relations oid[], types oid[], schemas oid[], path text[]) RETURNS text
   LANGUAGE plpgsql STABLE ${settings} AS $$
   DECLARE${stampVariables}
   BEGIN${makeStamp}
     RETURN stamp;
   END $$`,
  // Makes the stamp itself: a second function would be one more to load in a new session.
  `CREATE OR REPLACE FUNCTION lockstep.is_verified(contract_hash text, path text[]) RETURNS boolean
   LANGUAGE plpgsql STABLE SECURITY DEFINER ${settings} AS $$
   DECLARE${stampVariables}
     relations oid[];
     types oid[];
     schemas oid[];
     known text;
   BEGIN
     SELECT v.relations, v.types, v.schemas, v.stamp INTO relations, types, schemas, known FROM lockstep.verified v
     WHERE v.contract_hash = is_verified.contract_hash AND v.search_path = array_to_string(path, ',');
     IF NOT FOUND THEN RETURN NULL; END IF;
     ${makeStamp}
     RETURN stamp = known;
   END $$`,
  `CREATE OR REPLACE FUNCTION lockstep.note_verified(contract_hash text, path text[], relations oid[], types oid[], schemas oid[], stamp text) RETURNS void
   LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
   BEGIN
     IF contract_hash !~ ${hashShape} OR length(stamp) > 500 OR cardinality(path) > 100
       OR length(array_to_string(path, ',')) > 5000 OR cardinality(relations) > 100000 OR cardinality(types) > 100000 OR cardinality(schemas) > 1000 THEN
       RAISE EXCEPTION 'lockstep.note_verified: arguments out of bounds' USING ERRCODE = '22023';
     END IF;
     DELETE FROM lockstep.verified v WHERE v.by_instance AND v.verified_at < now() - interval '90 days';
     IF (SELECT count(*) FROM lockstep.verified) >= 10000 THEN RETURN; END IF;
     INSERT INTO lockstep.verified VALUES (contract_hash, array_to_string(path, ','), relations, types, schemas, stamp, true)
     ON CONFLICT ON CONSTRAINT verified_pkey DO UPDATE SET relations = EXCLUDED.relations, types = EXCLUDED.types, schemas = EXCLUDED.schemas, stamp = EXCLUDED.stamp, by_instance = true, verified_at = now();
   END $$`,
  `CREATE OR REPLACE FUNCTION lockstep.beat(instance text, contract_hash text, release text) RETURNS boolean
   LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
   BEGIN
     IF contract_hash !~ ${hashShape} OR length(instance) NOT BETWEEN 1 AND 200 OR length(release) > 200 THEN
       RAISE EXCEPTION 'lockstep.beat: arguments out of bounds' USING ERRCODE = '22023';
     END IF;
     UPDATE lockstep.instance i SET contract_hash = beat.contract_hash, release = beat.release, seen_at = clock_timestamp()
     WHERE i.id = instance AND i.role = session_user;
     IF NOT FOUND THEN
       DELETE FROM lockstep.instance i WHERE i.seen_at < now() - interval '7 days';
       IF (SELECT count(*) FROM lockstep.instance) >= 100000 THEN
         RAISE EXCEPTION 'lockstep.beat: too many instances' USING ERRCODE = '54000';
       END IF;
       INSERT INTO lockstep.instance (id, role, contract_hash, release) VALUES (instance, session_user, contract_hash, release);
     END IF;
     RETURN EXISTS (SELECT FROM lockstep.contract c WHERE c.hash = beat.contract_hash);
   END $$`,
  `CREATE OR REPLACE FUNCTION lockstep.offer_contract(contract_hash text, release text, body jsonb) RETURNS void
   LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
   BEGIN
     IF contract_hash !~ ${hashShape} OR length(release) > 200 OR pg_column_size(body) > 67108864
       OR body ->> 'hash' IS DISTINCT FROM contract_hash THEN
       RAISE EXCEPTION 'lockstep.offer_contract: arguments out of bounds' USING ERRCODE = '22023';
     END IF;
     INSERT INTO lockstep.contract (hash, release, body)
     SELECT contract_hash, release, body WHERE EXISTS (SELECT FROM lockstep.instance i WHERE i.contract_hash = offer_contract.contract_hash)
     ON CONFLICT (hash) DO NOTHING;
   END $$`,
  `CREATE OR REPLACE FUNCTION lockstep.leave(instance text) RETURNS void
   LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
     DELETE FROM lockstep.instance i WHERE i.id = instance AND i.role = session_user
   $$`,
  "GRANT USAGE ON SCHEMA lockstep TO PUBLIC",
];
