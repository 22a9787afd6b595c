import type { WaitNode } from "../live/index.ts";
import { blockerName } from "../pg/index.ts";
import { duration, type Style } from "./style.ts";

/** Who waits for whom, as a tree: each line cut to the terminal's width. */
export function waitTreeLines(nodes: readonly WaitNode[], style: Style): readonly string[] {
  return nodes.flatMap((node) => branch(node, "", "", style));
}

function branch(node: WaitNode, head: string, tail: string, style: Style): readonly string[] {
  const { waiters } = node;
  return [
    line(node, head, style),
    ...waiters.flatMap((each, index) => {
      const isLast = index === waiters.length - 1;
      return branch(
        each,
        `${tail}${isLast ? "└─ " : "├─ "}`,
        `${tail}${isLast ? "   " : "│  "}`,
        style,
      );
    }),
  ];
}

function line(node: WaitNode, head: string, { colors, width }: Style): string {
  const { pid, user, application, state, seconds, query, alsoBehind } = node;
  const isPrepared = pid === 0;
  const who = isPrepared
    ? `${blockerName(node)} of ${user}`
    : `pid ${pid} ${user}${application === "" ? "" : ` (${application})`}`;
  const time = Number.isNaN(seconds) ? "" : ` ${duration(seconds * 1_000)}`;
  const others = alsoBehind.map((each) => (each === 0 ? "a prepared transaction" : each));
  const also = others.length === 0 ? "" : `, also behind ${others.join(", ")}`;
  const said = isPrepared
    ? `${head}${who}${time}`
    : `${head}${who} ${state}${time}${also}: ${query.replaceAll(/\s+/g, " ")}`;
  const room = width - 4;
  const cut = said.length > room ? `${said.slice(0, room - 1)}…` : said;
  return state === "waiting" ? cut : cut.replace(who, () => colors.bold(who));
}
