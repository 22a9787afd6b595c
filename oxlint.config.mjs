import { rooms } from "./rooms.mjs";

const forbidden = (room, allowed) =>
  Object.keys(rooms)
    .concat("cli")
    .filter((other) => other !== room && !allowed.includes(other));

/** One override a room: importing a room that the table does not name is an error. */
const directions = Object.entries(rooms).map(([room, allowed]) => ({
  files: [`src/${room}/**`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            group: forbidden(room, allowed).map((other) => `**/${other}/**`),
            message: `${room}/ may import only: ${allowed.join(", ") || "nothing"} (rooms.mjs).`,
          },
          ...allowed.map((other) => ({
            group: [
              `../${other}/*`,
              `../../${other}/*`,
              `../../../${other}/*`,
              `!../${other}/index.ts`,
              `!../../${other}/index.ts`,
              `!../../../${other}/index.ts`,
            ],
            message: `import ${other}/index.ts: a room is used by its front.`,
          })),
        ],
      },
    ],
  },
}));

/** Only the faces print. */
const quiet = {
  files: ["src/**"],
  rules: { "no-console": "error" },
};

export default {
  plugins: ["typescript", "import", "unicorn", "oxc", "promise"],
  categories: { correctness: "error", suspicious: "error" },
  ignorePatterns: [
    "dist",
    "examples/.build",
    "node_modules",
    "test/pipeline/fixtures",
    "test/contract/fixtures/orm",
  ],
  rules: {
    "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
    "import/no-cycle": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/return-await": ["error", "error-handling-correctness-only"],
    "typescript/switch-exhaustiveness-check": "error",
    "typescript/consistent-type-imports": "error",
    "unicorn/no-array-sort": "off",
    "unicorn/no-array-reverse": "off",
    "unicorn/consistent-function-scoping": "off",
    "no-await-in-loop": "off",
    "no-underscore-dangle": "off",
    "no-shadow": "off",
    "typescript/consistent-return": "off",
    "no-unmodified-loop-condition": "off",
    "import/no-named-as-default-member": "off",
    "import/no-named-as-default": "off",
    "import/no-unassigned-import": "off",
    "typescript/no-unnecessary-type-parameters": "off",
    "typescript/no-unnecessary-type-conversion": "off",
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/no-unnecessary-type-assertion": "error",
  },
  overrides: [quiet, ...directions],
};
