import { hostname, userInfo } from "node:os";

/** The user of this machine; in a container without an entry for the user id, the id. */
export function localActor(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env["USER"] ?? `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

/** How a waiting runner names this one: `deploy@build-7 pid 4711 (migrate)`. */
export function describeHolder(actor: string, command: string): string {
  return `${actor}@${hostname()} pid ${process.pid} (${command})`;
}
