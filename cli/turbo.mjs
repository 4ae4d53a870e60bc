#!/usr/bin/env node
import { fileURLToPath } from "node:url";

try {
  const { register } = await import("tsx/esm/api");
  // The caller's folder may hold a tsconfig.json of its own, which must not change this program.
  register({ tsconfig: fileURLToPath(new URL("../tsconfig.json", import.meta.url)) });
} catch (error) {
  if (error?.code !== "ERR_MODULE_NOT_FOUND") throw error;
  console.error(
    "The packages are not installed. Run `npm ci` in the folder of Turbo Webhooks first.",
  );
  process.exit(1);
}

const { main } = await import("./main.ts");
process.exitCode = await main(process.argv.slice(2));
