/** What kind of statement it is, fine enough that statements of one shape have one cause when they are predicted wrong. */
export function shapeOf({ kind, node }) {
  const body = node[kind];
  switch (kind) {
    case "AlterTableStmt":
      return `ALTER ${body.objtype} ${body.cmds.map(commandShape).join(", ")}`;
    case "RenameStmt":
      return `RENAME ${body.renameType}`;
    case "DropStmt":
      return `DROP ${body.removeType}${body.behavior === "DROP_CASCADE" ? " CASCADE" : ""}${body.concurrent ? " CONCURRENTLY" : ""}`;
    case "IndexStmt":
      return `CREATE INDEX${body.concurrent ? " CONCURRENTLY" : ""}${body.if_not_exists ? " IF NOT EXISTS" : ""}`;
    default:
      return kind;
  }
}

function commandShape({ AlterTableCmd: { subtype, def } }) {
  if (subtype === "AT_AddConstraint")
    return `ADD ${def.Constraint.contype}${def.Constraint.skip_validation ? " NOT VALID" : ""}`;
  if (subtype !== "AT_AddColumn") return subtype.slice("AT_".length);
  const constraints = (def.ColumnDef.constraints ?? []).map(
    ({ Constraint: { contype } }) => contype,
  );
  return ["AddColumn", ...constraints].join(" ");
}

/** An effect as lines that can be compared: locks, and work but for rows written, which depends on the rows. */
export function effectText({ locks, work, failures }) {
  const lines = [
    ...locks.map(({ relation, kind, mode }) => `${mode} on ${kind} ${relation}`),
    ...work.flatMap((each) => {
      switch (each.kind) {
        case "rewrite":
          return [`rewrite ${each.relation}`];
        case "scan":
          return [`scan ${each.relation}`];
        case "index-build":
          return [
            `${each.again ? "again" : "build"} ${each.relation} ${each.concurrent ? "concurrently" : ""}${each.index === undefined ? "" : each.again ? each.index : ""}`,
          ];
        case "foreign-key-check":
          return [`check ${each.relation} ${each.parent}`];
        default:
          return [];
      }
    }),
    ...failures.filter(({ when }) => when === "always").map(() => "fails"),
  ];
  return [...new Set(lines)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
