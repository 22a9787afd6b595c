import { hasFlag, inOrder, type CommandLine } from "./command-line.ts";

export interface PushTool {
  readonly tool: string;
  readonly programs: readonly string[];
  readonly matches: (line: CommandLine) => boolean;
  /** The migrations command of the same tool. */
  readonly instead: string;
}

/** Commands that make the database like the schema in the code, without a reviewed migration between. */
export const pushTools: readonly PushTool[] = [
  {
    tool: "drizzle-kit push",
    programs: ["drizzle-kit"],
    matches: (line) => line.plain.some((word) => word === "push" || word === "push:pg"),
    instead:
      "npx drizzle-kit generate   # in development, commit the file\nnpx drizzle-kit migrate    # in the pipeline",
  },
  {
    tool: "prisma db push",
    programs: ["prisma"],
    matches: (line) => inOrder(line, "db", "push"),
    instead:
      "npx prisma migrate dev      # in development, commit the file\nnpx prisma migrate deploy   # in the pipeline",
  },
  {
    tool: "typeorm schema:sync",
    programs: ["typeorm", "typeorm-ts-node-commonjs", "typeorm-ts-node-esm"],
    matches: (line) => line.plain.includes("schema:sync"),
    instead:
      "npx typeorm migration:generate   # in development, commit the file\nnpx typeorm migration:run        # in the pipeline",
  },
  {
    tool: "mikro-orm schema:update --run",
    programs: ["mikro-orm", "mikro-orm-esm"],
    matches: (line) => line.plain.includes("schema:update") && hasFlag(line, "--run", "-r"),
    instead:
      "npx mikro-orm migration:create   # in development, commit the file\nnpx mikro-orm migration:up       # in the pipeline",
  },
];
