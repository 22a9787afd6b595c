import { promisify } from "node:util";
import { LockstepError } from "../errors/index.ts";

/** What git says; undefined when it fails, or is not there. */
async function git(cwd: string, ...args: readonly string[]): Promise<string | undefined> {
  const { execFile } = await import("node:child_process");
  try {
    // A file name that git would quote is printed as it is.
    const { stdout } = await promisify(execFile)("git", ["-c", "core.quotePath=false", ...args], {
      cwd,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    return stdout;
  } catch {
    return undefined;
  }
}

/** True inside a work tree. */
export async function isRepository(cwd: string): Promise<boolean> {
  return (await git(cwd, "rev-parse", "--is-inside-work-tree"))?.trim() === "true";
}

/** Files that match, tracked or not but for ignored ones, relative to `cwd`; undefined outside a repository. */
export async function listed(
  cwd: string,
  patterns: readonly string[],
): Promise<readonly string[] | undefined> {
  if (!(await isRepository(cwd))) return undefined;
  const found = await git(
    cwd,
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
    "--",
    ...patterns,
  );
  return found?.split("\0").filter((name) => name !== "");
}

/** The commit of a name, abbreviated. */
export async function commitOf(cwd: string, ref: string): Promise<string | undefined> {
  const found = await git(cwd, "rev-parse", "--verify", "--quiet", "--short", `${ref}^{commit}`);
  return found?.trim();
}

/**
 * The branch that CI says a change is to be merged into; undefined when it says nothing. It is given also when git does
 * not know it: then what is new cannot be told, and taking another would be a guess.
 */
export async function targetBranch(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const named = env["GITHUB_BASE_REF"] || env["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"];
  if (!named) return undefined;
  const isLocal = (await commitOf(cwd, `origin/${named}`)) === undefined;
  return isLocal && (await commitOf(cwd, named)) !== undefined ? named : `origin/${named}`;
}

/** The branch that work is merged into, as git knows it; undefined when none is there. */
export async function defaultBranch(cwd: string): Promise<string | undefined> {
  const head = await git(cwd, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD");
  const candidates = [
    ...(head === undefined ? [] : [head.trim()]),
    "origin/main",
    "origin/master",
    "main",
    "master",
  ];
  for (const name of candidates) if ((await commitOf(cwd, name)) !== undefined) return name;
  return undefined;
}

/** True in a clone that knows nothing before HEAD, where HEAD is that branch itself. */
export async function isCutOffAt(cwd: string, branch: string): Promise<boolean> {
  const [own, other] = await Promise.all([commitOf(cwd, "HEAD"), commitOf(cwd, branch)]);
  return own === other && (await isShallow(cwd));
}

async function isShallow(cwd: string): Promise<boolean> {
  return (await git(cwd, "rev-parse", "--is-shallow-repository"))?.trim() === "true";
}

/**
 * The last commit that HEAD shares with `ref`.
 * @throws LockstepError `usage` when there is none here, as in a shallow clone
 */
export async function mergeBase(cwd: string, ref: string): Promise<string> {
  const found = (await git(cwd, "merge-base", "HEAD", ref))?.trim();
  if (found !== undefined && found !== "") return found;
  const isKnown = (await commitOf(cwd, ref)) !== undefined;
  throw new LockstepError("usage", {
    what: isKnown
      ? `HEAD and ${ref} share no commit here, so what is new cannot be told`
      : `git knows no commit ${ref}`,
    expected: "a commit to compare with",
    found: (await isShallow(cwd))
      ? "a shallow clone, whose history is cut off"
      : isKnown
        ? "no common commit"
        : "no branch, tag or commit of that name",
    from: "--since, or the default branch",
    why: "CI systems check out one commit by default",
    next: [
      "GitHub Actions: actions/checkout with fetch-depth: 0; GitLab: GIT_DEPTH: 0",
      "or name what to check: lockstep check FILE…, or --all",
    ],
  });
}

/** Files below `cwd`, relative to it, that differ from a commit, and files that git does not track yet. */
export async function changedSince(cwd: string, commit: string): Promise<ReadonlySet<string>> {
  const [tracked, untracked] = await Promise.all([
    git(cwd, "diff", "--name-only", "-z", "--relative", "--diff-filter=d", commit, "--", "."),
    git(cwd, "ls-files", "-z", "--others", "--exclude-standard"),
  ]);
  const names = `${tracked ?? ""}\0${untracked ?? ""}`.split("\0");
  return new Set(names.filter((name) => name !== ""));
}
