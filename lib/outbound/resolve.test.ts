import { createSocket } from "node:dgram";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createResolve } from "./resolve";
import { cleanUp, cleanUps } from "@/lib/delivery/testing";

afterEach(cleanUp);

type Answer = { addresses?: string[]; responseCode?: number } | "silence";
const typeA = 1;

/** A name server on loopback that answers each query as told. */
async function listenDns(answer: (name: string, type: number) => Answer) {
  const queries: string[] = [];
  const server = createSocket("udp4");
  server.on("message", (query, from) => {
    const { name, type, end } = readQuestion(query);
    queries.push(`${type === typeA ? "A" : "AAAA"} ${name}`);
    const given = answer(name, type);
    if (given === "silence") return;
    const records = (given.addresses ?? []).map((address) => writeRecord(type, address));
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180 | (given.responseCode ?? 0), 2);
    head.writeUInt16BE(records.length, 6);
    head.fill(0, 8);
    server.send(Buffer.concat([head, query.subarray(12, end), ...records]), from.port);
  });
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  cleanUps.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { queries, servers: [`127.0.0.1:${server.address().port}`] };
}

function readQuestion(query: Buffer) {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join("."), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function writeRecord(type: number, address: string): Buffer {
  const data =
    type === typeA
      ? Buffer.from(address.split(".").map(Number))
      : Buffer.from(address.split(":").join(""), "hex");
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]);
  return Buffer.concat([head, data]);
}

const wholeV6 = "2001:0db8:0000:0000:0000:0000:0000:0001";

describe("createResolve", () => {
  it("asks for IPv4 and IPv6 addresses, anew each time", async () => {
    const dns = await listenDns((_name, type) => ({
      addresses: type === typeA ? ["192.0.2.1", "192.0.2.2"] : [wholeV6],
    }));
    const resolve = createResolve(dns);
    const expected = ["192.0.2.1", "192.0.2.2", "2001:db8::1"];
    expect((await resolve("receiver.test")).toSorted()).toEqual(expected);
    expect((await resolve("receiver.test")).toSorted()).toEqual(expected);
    expect(dns.queries).toHaveLength(4);
  });

  it("asks once for lookups of one name at one time", async () => {
    const dns = await listenDns(() => ({ addresses: [] }));
    const resolve = createResolve(dns);
    const lookups = Array.from({ length: 20 }, () => resolve("receiver.test"));
    const outcomes = await Promise.allSettled(lookups);
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
    expect([...new Set(dns.queries)].toSorted()).toEqual(["A receiver.test", "AAAA receiver.test"]);
    expect(dns.queries).toHaveLength(2);
  });

  it.each([
    ["ENOTFOUND", { responseCode: 3 }],
    ["ENODATA", { addresses: [] }],
    ["ESERVFAIL", { responseCode: 2 }],
  ])("rejects with %s", async (code, answer) => {
    const dns = await listenDns(() => answer);
    await expect(createResolve(dns)("receiver.test")).rejects.toMatchObject({ code });
  });

  it("rejects with the failure of one family when the other has nothing", async () => {
    const dns = await listenDns((_name, type) =>
      type === typeA ? { responseCode: 2 } : { addresses: [] },
    );
    await expect(createResolve(dns)("receiver.test")).rejects.toMatchObject({ code: "ESERVFAIL" });
  });

  it("does not wait long for the other family once one has answered", async () => {
    const dns = await listenDns((_name, type) =>
      type === typeA ? { addresses: ["192.0.2.1"] } : "silence",
    );
    const startedAtMs = performance.now();
    expect(await createResolve(dns)("receiver.test")).toEqual(["192.0.2.1"]);
    expect(performance.now() - startedAtMs).toBeLessThan(1_500);
  });

  it("takes the hosts file first", async () => {
    const folder = await mkdtemp(join(tmpdir(), "turbo-hosts-"));
    cleanUps.push(() => rm(folder, { recursive: true }));
    const hostsFile = join(folder, "hosts");
    await writeFile(hostsFile, "# none\n192.0.2.7\tone.test Two.test # two\n::1 one.test\n\n");
    const dns = await listenDns(() => ({ responseCode: 3 }));
    const resolve = createResolve({ ...dns, hostsFile });
    expect(await resolve("one.test")).toEqual(["192.0.2.7", "::1"]);
    expect(await resolve("two.test.")).toEqual(["192.0.2.7"]);
    await expect(resolve("two")).rejects.toMatchObject({ code: "ENOTFOUND" });
    expect(await createResolve(dns)("localhost")).toContain("127.0.0.1");
  });
});
