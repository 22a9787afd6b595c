import type { CreateForeignServerStmt } from "@pgsql/types";
import type { World } from "../model.ts";
import { change, type FoldContext } from "./context.ts";
import { dropRelation } from "./drop-object.ts";

export function createServer({ world }: FoldContext, statement: CreateForeignServerStmt): void {
  const { servername = "", fdwname = "" } = statement;
  if (!world.foreignServers.has(servername))
    world.foreignServers = new Map(world.foreignServers).set(servername, fdwname);
}

/** DROP SERVER: its tables go with it. */
export function dropServer(world: World, name: string): void {
  const rest = new Map(world.foreignServers);
  if (!rest.delete(name)) return;
  world.foreignServers = rest;
  for (const { id, foreignServer } of Array.from(world.relations.values()))
    if (foreignServer === name) dropRelation(world, id);
}

/** DROP FOREIGN DATA WRAPPER: its servers go with it. */
export function dropWrapper(world: World, name: string): void {
  for (const [server, wrapper] of world.foreignServers)
    if (wrapper === name) dropServer(world, server);
}

export function renameServer(world: World, from: string, to: string): void {
  world.foreignServers = new Map(
    [...world.foreignServers].map(([server, wrapper]) => [server === from ? to : server, wrapper]),
  );
  for (const { id, foreignServer } of Array.from(world.relations.values()))
    if (foreignServer === from) change(world, id, { foreignServer: to });
}

export function renameWrapper(world: World, from: string, to: string): void {
  world.foreignServers = new Map(
    [...world.foreignServers].map(([server, wrapper]) => [server, wrapper === from ? to : wrapper]),
  );
}
