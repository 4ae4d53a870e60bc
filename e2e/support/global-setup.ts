import { buildTimeoutMs, startApp } from "./app";

/** The first start builds what all others run; a build that fails is told here, once. */
export default async function globalSetup(): Promise<void> {
  const app = await startApp({}, buildTimeoutMs);
  await app.remove();
}
