import type { Access } from "./contract.ts";

/** Object mappers that are loaded with the project's own models and make their schema themselves. */
export type Orm = "typeorm" | "sequelize" | "mikro-orm";

export interface OrmRequest {
  readonly orm: Orm;
  readonly root: string;
  /** Modules that the config names, absolute. */
  readonly files: readonly string[];
  /** An empty scratch database. */
  readonly url: string;
}

/** A place in the code: a model, or one of its members. */
export interface OrmHome {
  readonly model: string;
  readonly member?: string | undefined;
}

export interface OrmColumn {
  /** Name in the database. */
  readonly name: string;
  /** Where it is declared; the first that the sources have counts. */
  readonly homes: readonly OrmHome[];
  /** The ORM itself gives the value when the code leaves it away. */
  readonly supplied: boolean;
  /** False when the ORM neither reads nor writes it. */
  readonly used: boolean;
  /** False when no INSERT of the ORM gives it a value. */
  readonly given: boolean;
  /** The ORM makes a number of whatever the driver gives. */
  readonly reads?: "number";
}

export interface OrmRelation {
  /** Null when the ORM writes the name without a schema. */
  readonly schema: string | null;
  readonly name: string;
  readonly home: OrmHome | undefined;
  readonly access: readonly Access[];
  readonly columns: readonly OrmColumn[];
  /** Names of constraints and indexes, which the code may have written. */
  readonly constraints: readonly string[];
}

export interface OrmAnswer {
  readonly relations: readonly OrmRelation[];
  /** Tables of the ORM's own, which no statement of the code names. */
  readonly own: readonly string[];
  /** Files of the project that were loaded. */
  readonly sources: readonly string[];
}

/**
 * - `load`: the modules cannot be loaded
 * - `models`: they hold nothing that is a schema
 * - `orm`: the ORM does not take them
 * - `database`: scratch refuses the DDL
 */
export type OrmStage = "load" | "models" | "orm" | "database";
