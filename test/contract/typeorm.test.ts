import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readContract } from "../../src/contract/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

/** Entities that refer to each other, over an alias, and take types from their members. */
const shop = {
  "package.json": '{ "name": "shop", "private": true }',
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      paths: { "@entities/*": ["./src/*"] },
    },
  }),
  "lockstep.config.json": JSON.stringify({ contract: { typeorm: "src/data-source.ts" } }),
  "src/data-source.ts": `
import "reflect-metadata";
import { DataSource } from "typeorm";
import { User } from "./user";
import { Post } from "./post";
if (process.env.DATABASE_URL === undefined) throw new Error("DATABASE_URL is not set");
export const AppDataSource = new DataSource({
  type: "postgres",
  url: process.env.DATABASE_URL,
  entities: [User, Post],
  synchronize: true,
});`,
  "src/user.ts": `
import { Column, CreateDateColumn, Entity, OneToMany, PrimaryGeneratedColumn } from "typeorm";
import { Post } from "./post";
@Entity()
export class User {
  @PrimaryGeneratedColumn("uuid")
  id: string;
  @Column({ length: 80 })
  name: string;
  @Column({ nullable: true })
  age?: number;
  @CreateDateColumn()
  createdAt: Date;
  @OneToMany(() => Post, (post) => post.author)
  posts: Post[];
}`,
  "src/post.ts": `
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn, VersionColumn } from "typeorm";
import { User } from "@entities/user";
@Entity({ schema: "blog" })
export class Post {
  @PrimaryGeneratedColumn()
  id: number;
  @Column({ type: "enum", enum: ["draft", "live"], default: "draft" })
  state: string;
  @VersionColumn()
  version: number;
  @ManyToOne(() => User, (user) => user.posts, { onDelete: "CASCADE" })
  author: User;
}`,
};

function project(files: Readonly<Record<string, string>>): TemporaryFolder {
  const folder = temporaryFolder(files);
  symlinkSync(modules, join(folder.path, "node_modules"));
  return folder;
}

function lockstep(folder: TemporaryFolder, ...argv: readonly string[]) {
  return runCli([...argv, "--scratch-url", scratch.url], { cwd: folder.path });
}

it("closes the gate before the release of entities whose column the database does not have", async () => {
  using folder = project(shop);
  const built = await lockstep(folder, "contract", "build");
  expect(built.stderr).toBe("");
  expect(built.stdout).toContain("expects 2 tables with 8 columns, 1 enum");
  const { tables, enums } = readContract(join(folder.path, "lockstep.contract.json"));
  const [post, user] = tables;
  expect(post).toMatchObject({ schema: "blog", name: "post", unqualified: false });
  expect(user).toMatchObject({ schema: "public", name: "user", unqualified: true });
  expect(
    post!.columns.map(({ name, type, supplied, from }) => [name, type, supplied, from]),
  ).toEqual([
    ["id", "integer", false, "src/post.ts:7"],
    ["state", "blog.post_state_enum", false, "src/post.ts:9"],
    ["version", "integer", true, "src/post.ts:11"],
    ["authorId", "uuid", false, "src/post.ts:13"],
  ]);
  expect(user!.columns.map(({ type, nullable }) => [type, nullable])).toEqual([
    ["uuid", false],
    ["character varying(80)", false],
    ["integer", true],
    ["timestamp without time zone", false],
  ]);
  expect(enums).toMatchObject([{ name: "post_state_enum", from: "src/post.ts:9" }]);

  const database = await scratch.createDatabase();
  await using session = await Session.open({ url: database.url, applicationName: "test" });
  await session.batch(`CREATE SCHEMA blog;
    CREATE TYPE blog.post_state_enum AS ENUM ('draft', 'live');
    CREATE TABLE "user" (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(80) NOT NULL,
      age integer, "createdAt" timestamp NOT NULL DEFAULT now());
    CREATE TABLE blog.post (id serial PRIMARY KEY, state blog.post_state_enum NOT NULL DEFAULT 'draft',
      "authorId" uuid REFERENCES "user" ON DELETE CASCADE);`);
  const gate = () => lockstep(folder, "gate", "--url", database.url);
  const closed = await gate();
  expect(closed.exitCode).toBe(1);
  expect(closed.stdout).toContain("blog.post.version");
  expect(closed.stdout).toContain("src/post.ts:11");
  await session.query("ALTER TABLE blog.post ADD COLUMN version integer NOT NULL");
  const open = await gate();
  expect(open.exitCode, open.stdout).toBe(0);
}, 300_000);
