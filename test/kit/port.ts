import { once } from "node:events";
import { createServer } from "node:net";

// The embedded database takes its ports from 20000 on, outgoing connections from 32768 on.
// An Inngest server goes on calling an app that has ended: apps alone get its ports again.
const forApps = { first: 12_000, last: 14_999 };
const forOthers = { first: 15_000, last: 19_999 };

/** A port of 127.0.0.1 for an app, that nobody listens on at this moment. */
export function findAppPort(): Promise<number> {
  return findPort(forApps);
}

/** As `findAppPort`, for whatever is no app. */
export function findFreePort(): Promise<number> {
  return findPort(forOthers);
}

async function findPort({ first, last }: { first: number; last: number }): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = first + Math.floor(Math.random() * (last - first + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port found between ${first} and ${last}.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
