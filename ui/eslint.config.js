import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

const features = ["calendar", "first-run", "home", "inventory", "jobs", "palette", "recovery-points", "restore", "runs", "settings", "storage"];
const tauri = { group: ["@tauri-apps/*"], message: "Only src/platform may speak to Tauri." };
const upwards = { group: ["@/app/*", "@/features/*"], message: "api, components and lib know nothing of features or app." };

/** A feature may use components, api, lib, platform types and i18n, and no other feature. */
const featureRule = (name) => ({
  files: [`src/features/${name}/**`],
  rules: {
    "no-restricted-imports": ["error", { patterns: [tauri,
      { group: ["@/app/*"], message: "The application composes features, not the other way round." },
      { group: features.filter((other) => other !== name).map((other) => `@/features/${other}/*`), message: "Features never import features: compose them in src/app." },
      { group: ["../../*"], message: "Leave the feature by the @/ alias." },
    ] }],
  },
});

export default ts.config(
  { ignores: ["dist/**", "node_modules/**", "src/api/generated/**"] },
  js.configs.recommended,
  ...ts.configs.strict,
  { files: ["src/**/*.{ts,tsx}", "dev/**/*.{ts,tsx}"], plugins: { "react-hooks": hooks }, rules: { ...hooks.configs.recommended.rules } },
  {
    rules: {
      "max-lines": ["error", { max: 400 }],
      "no-restricted-imports": ["error", { patterns: [tauri] }],
      eqeqeq: "error",
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  { files: ["src/{api,components,lib,i18n}/**"], rules: { "no-restricted-imports": ["error", { patterns: [tauri, upwards] }] } },
  { files: ["src/platform/**"], rules: { "no-restricted-imports": "off" } },
  { files: ["scripts/**"], languageOptions: { globals: { Buffer: "readonly", document: "readonly", innerWidth: "readonly", console: "readonly", process: "readonly", URL: "readonly", setTimeout: "readonly", fetch: "readonly" } } },
  { files: ["**/*.test.{ts,tsx}", "src/test/**"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
  ...features.map(featureRule),
);
