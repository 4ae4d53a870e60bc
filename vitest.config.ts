import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "") } },
  test: {
    include: ["{app,cli,components,db,inngest,lib,scripts,server,test}/**/*.test.ts"],
    globalSetup: ["./db/test-server.ts"],
    setupFiles: ["./lib/testing-quiet.ts"],
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
