// The scripts of the HTML report. They are concatenated into one script (auditor/report/html_format.py), so that each sees
// the top-level names of the others.
import { readdirSync, readFileSync } from "node:fs";
import globals from "globals";

const folder = "reports/templates/report";
const shared = readdirSync(folder)
  .filter((name) => name.endsWith(".js"))
  .flatMap((name) => [...readFileSync(`${folder}/${name}`, "utf8").matchAll(/^(?:const|let) (\$?\w*)/gm)])
  .map(([, name]) => [name, "writable"]);

export default [
  { ignores: ["**/*.mjs", "**/*.d.ts", ".venv*/", "out/", "audit-report/", "tests/", "docs/"] },
  {
    files: [`${folder}/*.js`],
    linterOptions: { reportUnusedDisableDirectives: "error" },
    languageOptions: {
      ecmaVersion: 2024,
      sourceType: "script",
      globals: { ...globals.browser, ...Object.fromEntries(shared) },
    },
    rules: {
      "no-undef": "error",
      "no-unused-vars": ["error", { vars: "local", args: "after-used", argsIgnorePattern: "^_" }],
      "no-shadow": "off",
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-script-url": "error",
      "no-unsafe-optional-chaining": "error",
      "no-unreachable": "error",
      "no-dupe-keys": "error",
      "no-duplicate-case": "error",
      "no-fallthrough": "error",
      "no-self-compare": "error",
      "no-unused-expressions": "error",
      "no-useless-escape": "error",
      "no-constant-condition": "error",
      "no-promise-executor-return": "error",
      "array-callback-return": "error",
      "default-case-last": "error",
      "require-atomic-updates": "error",
      // Texts reach the page as text: h() makes elements, and nothing makes markup of a string.
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Use h(): no text ever becomes markup." },
        { property: "outerHTML", message: "Use h(): no text ever becomes markup." },
        { property: "insertAdjacentHTML", message: "Use h(): no text ever becomes markup." },
        { object: "document", property: "write", message: "Use h(): no text ever becomes markup." },
      ],
      // Markup in small functions. The parts that keep a state are one function each (make…, virtualTable, …) and are longer.
      "max-lines-per-function": ["error", { max: 65, skipComments: true, skipBlankLines: true }],
      "max-len": ["error", { code: 120, ignoreUrls: false }],
    },
  },
];
