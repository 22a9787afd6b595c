/**
 * A rollback keeps its units under a source of its own, so that it can be resumed like any migration. While rows of it are
 * there, its migration is neither applied nor taken back.
 */
export function backSource(source: string): string {
  return `rollback:${source}`;
}

const mark = " (taken back)";

/** What the way back of a migration is called. */
export function backId(migration: string): string {
  return `${migration}${mark}`;
}

/** The migration whose way back has this name. */
export function migrationOfBack(id: string): string {
  return id.endsWith(mark) ? id.slice(0, -mark.length) : id;
}
