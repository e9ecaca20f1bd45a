import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The product is built from index.html. Mode "fake" builds dev/index.html instead: the same
// application over a scripted back end, for screenshots and for work on the look without a host.
export default defineConfig(({ mode }) => {
  const fake = mode === "fake";
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  return {
    root: fake ? here("./dev") : here("."),
    base: "./",
    plugins: [react()],
    resolve: { alias: { "@": here("./src") } },
    clearScreen: false,
    server: { port: 5173, strictPort: true, host: "127.0.0.1", fs: { allow: [here(".")] } },
    preview: { port: 5174, strictPort: true, host: "127.0.0.1" },
    css: { modules: { localsConvention: "camelCaseOnly" } },
    build: {
      outDir: fake ? here("./node_modules/.cache/fake") : here("./dist"),
      emptyOutDir: true,
      target: ["chrome123", "safari17.5"],
      cssTarget: ["chrome123", "safari17.5"],
      chunkSizeWarningLimit: 900,
    },
    test: {
      root: here("."),
      environment: "jsdom",
      setupFiles: [here("./src/test/setup.ts")],
      include: ["src/**/*.test.{ts,tsx}"],
      css: { modules: { classNameStrategy: "non-scoped" } },
      env: { TZ: "UTC" },
      testTimeout: 60_000,
    },
  };
});
