import { releaseFunctions } from "./release-functions.ts";

/**
 * What releases expect and which of them run: contracts, verified deploys, catalogs known to fit, instances.
 * Applications reach these only through the functions of `release-functions.ts`.
 */
export const releaseTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS lockstep.contract (
    hash text PRIMARY KEY,
    release text NOT NULL,
    body jsonb NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now())`,
  `CREATE TABLE IF NOT EXISTS lockstep.deploy (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL,
    release text NOT NULL,
    git_commit text,
    contract_hash text REFERENCES lockstep.contract (hash),
    catalog_fingerprint text NOT NULL,
    run uuid,
    actor text,
    probes jsonb NOT NULL DEFAULT '[]',
    allowed_breaking text,
    verified_at timestamptz NOT NULL DEFAULT now())`,
  // A catalog that was compared with a contract and found to fit, by the stamp of the rows that were looked at.
  `CREATE TABLE IF NOT EXISTS lockstep.verified (
    contract_hash text NOT NULL,
    search_path text NOT NULL,
    relations oid[] NOT NULL,
    types oid[] NOT NULL,
    schemas oid[] NOT NULL,
    stamp text NOT NULL,
    by_instance boolean NOT NULL,
    verified_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (contract_hash, search_path))`,
  `CREATE TABLE IF NOT EXISTS lockstep.instance (
    id text PRIMARY KEY,
    role name NOT NULL DEFAULT session_user,
    contract_hash text NOT NULL,
    release text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now())`,
  ...releaseFunctions,
];
