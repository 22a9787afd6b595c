/** Forms whose outcome hangs on something that the light catalog does not hold, with what that is. */
export const beyondTheCatalog: ReadonlyMap<string, string> = new Map([
  ["alter-set-tablespace-missing", "tablespaces of the server"],
  ["alter-set-access-method-missing", "access methods of the server"],
  ["alter-owner-missing-role", "roles of the server"],
  ["alter-all-in-tablespace", "tablespaces of the server"],
  ["alter-not-of-not-typed", "the type that a typed table is of"],
  ["alter-table-rename-column-typed", "the type that a typed table is of"],
  ["alter-type-composite-add-attribute-typed-table", "the type that a typed table is of"],
  ["alter-type-composite-add-attribute-typed-table-cascade", "the type that a typed table is of"],
  ["alter-type-composite-alter-attribute-typed-table-cascade", "the type that a typed table is of"],
  ["alter-drop-column-policy", "columns that a policy uses"],
  ["alter-type-policy-in-the-way", "columns that a policy uses"],
  ["alter-type-rule-in-the-way", "columns that a rule uses"],
  ["alter-drop-column-trigger-of", "columns that a trigger names"],
  ["alter-type-trigger-column-in-the-way", "columns that a trigger names"],
  ["alter-type-trigger-when-in-the-way", "columns that a trigger names"],
]);
