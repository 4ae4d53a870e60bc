import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

/** The addresses of a name, in no particular order. Rejects with a `code` such as ENOTFOUND. */
export type Resolve = (name: string) => Promise<string[]>;

const queryTimeoutMs = 2_500;
const queryTries = 3;
/** Once one family has answered, how long the other may still take. */
const secondAnswerMs = 250;
const rereadMs = 5_000;

/**
 * Resolves names by the hosts file, else by the name servers, A and AAAA. It asks them itself
 * (c-ares), for `dns.lookup` would let four hung names block every other lookup and file access of
 * the process. Nothing is kept: lookups of one name at one time share an answer, later ones ask
 * anew. Search domains are not applied: names must be complete. The options replace the system's.
 */
export function createResolve(options: { servers?: string[]; hostsFile?: string } = {}): Resolve {
  const running = new Map<string, Promise<string[]>>();
  const readHosts = keepFor(rereadMs, () => loadHosts(options.hostsFile ?? "/etc/hosts"));
  const nameServers = keepFor(rereadMs, async () => {
    const resolver = new Resolver({ timeout: queryTimeoutMs, tries: queryTries });
    if (options.servers) resolver.setServers(options.servers);
    return resolver;
  });
  const lookUp = async (name: string) => {
    const listed = (await readHosts()).get(name.toLowerCase().replace(/\.$/, ""));
    return listed ?? askNameServers(await nameServers(), name);
  };
  return (name) => {
    const shared = running.get(name);
    if (shared) return shared;
    const lookup = lookUp(name).finally(() => running.delete(name));
    running.set(name, lookup);
    return lookup;
  };
}

async function askNameServers(resolver: Resolver, name: string): Promise<string[]> {
  const found: string[] = [];
  const collect = (addresses: string[]) => void found.push(...addresses);
  const queries = [resolver.resolve4(name).then(collect), resolver.resolve6(name).then(collect)];
  const all = Promise.allSettled(queries);
  const first = Promise.any(queries).then(
    () => wait(secondAnswerMs, undefined, { ref: false }),
    () => {},
  );
  await Promise.race([all, first]);
  if (found.length > 0) return [...found];
  const errors = (await all).flatMap((query) => (query.status === "rejected" ? query.reason : []));
  throw errors.find((error) => error.code !== "ENODATA") ?? errors[0] ?? new Error("no address");
}

async function loadHosts(path: string): Promise<Map<string, string[]>> {
  const text = await readFile(path, "utf8").catch(() => "");
  return parseHosts(text);
}

/** The names of a hosts file, in lower case, with their addresses. */
function parseHosts(text: string): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (!address) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), address]);
    }
  }
  return hosts;
}

function keepFor<T>(keepMs: number, load: () => Promise<T>): () => Promise<T> {
  let kept: { value: Promise<T>; untilMs: number } | undefined;
  return () => {
    const nowMs = performance.now();
    if (!kept || nowMs >= kept.untilMs) kept = { value: load(), untilMs: nowMs + keepMs };
    return kept.value;
  };
}
