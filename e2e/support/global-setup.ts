import { spawnSync } from "node:child_process";
import { buildCommand } from "@/test/kit/app";

/** Builds what every installation runs; a build that fails is told here, once. */
export default function globalSetup(): void {
  const [program = "", ...args] = buildCommand;
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  const { status } = spawnSync(program, args, { stdio: "inherit", env });
  if (status !== 0) throw new Error(`The build failed (exit code ${status}); its output is above.`);
}
