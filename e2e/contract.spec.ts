import { randomUUID } from "node:crypto";
import { Api } from "./support/api";
import { badBodies, wrongValues } from "./support/bad-bodies";
import { Contract, type Answered } from "./support/contract";
import { World } from "./support/contract-world";
import { OpenApi, type Operation, type Schema } from "./support/openapi";
import { expect, test } from "./support/test";

test.describe.configure({ timeout: 600_000 });

const unknownId = "01a209d6-0000-7000-a3fd-f1689d8b54f2";
const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** What tries an operation needs: where to ask, what to make, and the document. */
type Tools = { contract: Contract; world: World; document: OpenApi };

test("every operation of the document does what it says, and refuses what it says", async ({
  startOwnApp,
  receiver,
}) => {
  const app = await startOwnApp();
  const api = new Api(app.url);
  const document = new OpenApi((await api.get<never>("/openapi.json")).body);
  const contract = new Contract(app.url, document);
  const world = new World(api, document, receiver.url);
  const tools = { contract, world, document };
  for (const operation of document.operations) {
    await test.step(`${operation.method} ${operation.path}`, async () => {
      for (const tryOut of [tryGood, tryIds, tryBodies, tryHeaders, tryList, tryTags])
        await tryOut(tools, operation);
    });
  }
  for (const path of new Set(document.operations.map((one) => one.path)))
    await tryMethods(tools, path);
  const { requests, failures } = contract;
  console.log(
    `contract: ${document.operations.length} operations, ${requests} requests, failures ${failures.length}`,
  );
  expect(failures.join("\n")).toBe("");
});

/** In earnest; of a POST also what its key is good for. */
async function tryGood({ contract, world }: Tools, operation: Operation): Promise<void> {
  const path = await world.pathOf(operation);
  const body = await world.bodyOf(operation);
  const headers = { "idempotency-key": randomUUID(), "x-turbo-causation": randomUUID() };
  const good = await contract.ask(operation, { path, body, headers }, { what: "in earnest" });
  expectSame(contract, operation, {
    what: "X-Turbo-Causation",
    is: good.headers.get("x-turbo-causation"),
    wanted: headers["x-turbo-causation"],
  });
  const location = good.headers.get("location");
  if (location) {
    const get = await fetch(new URL(location, contract.appUrl));
    expectSame(contract, operation, { what: "Location", is: get.status, wanted: 200 });
  }
  if (operation.requestBody?.required === false)
    await contract.ask(operation, { path }, { what: "without a body" });
  if (operation.method !== "POST") return;
  const again = await contract.ask(
    operation,
    { path, body, headers },
    { what: "again with its key", status: good.status },
  );
  expectSame(contract, operation, { what: "the same answer", is: again.text, wanted: good.text });
  expectSame(contract, operation, {
    what: "Idempotent-Replayed",
    is: again.headers.get("idempotent-replayed"),
    wanted: "true",
  });
  await contract.ask(
    operation,
    { path, body: { other: true }, headers },
    { what: "another body with its key", status: 422, pointer: "Idempotency-Key" },
  );
}

async function tryIds({ contract, world }: Tools, operation: Operation): Promise<void> {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[0]);
  const good = names.length > 1 ? await world.pathOf(operation) : "";
  const body = await world.bodyOf(operation);
  for (const [index, name] of names.entries()) {
    const steps = index === 0 ? operation.path.split("/") : good.split("/");
    const place = operation.path.split("/").indexOf(name);
    for (const id of name === "{name}" ? ["no.such_type", "nonsense"] : [unknownId, "nonsense"]) {
      const path = steps
        .map((step, at) => (at === place ? id : step))
        .join("/")
        .replace(/\{\w+\}/, unknownId);
      const detail = index === names.length - 1 ? id : "";
      await contract.ask(operation, { path, body }, { what: `of ${id}`, status: 404, detail });
    }
  }
}

async function tryBodies({ contract, world, document }: Tools, operation: Operation) {
  const schema = document.inputOf(operation);
  if (!schema) return;
  const path = await world.pathOf(operation);
  const good = await world.bodyOf(operation);
  await contract.ask(
    operation,
    { path, body: JSON.stringify(good).slice(0, -1) },
    { what: "a body that is cut off", status: 400 },
  );
  await contract.ask(
    operation,
    { path, body: JSON.stringify(good), headers: { "content-type": "text/plain" } },
    { what: "a body that is said to be text", status: 415 },
  );
  for (const { what, body, pointer } of badBodies(schema, good)) {
    // For who need not send a body, null is none.
    if (body === null && !operation.requestBody?.required) continue;
    await contract.ask(
      operation,
      { path, body: JSON.stringify(body) },
      {
        what,
        status: 422,
        pointer,
      },
    );
  }
}

async function tryHeaders({ contract }: Tools, operation: Operation): Promise<void> {
  const path = operation.path.replaceAll(/\{\w+\}/g, unknownId);
  const wrong: Record<string, string> = {
    "X-Turbo-Causation": "nonsense",
    "X-Turbo-Actor": "robot:x",
    ...(operation.method === "POST" ? { "Idempotency-Key": "" } : {}),
  };
  for (const [name, value] of Object.entries(wrong)) {
    await contract.ask(
      operation,
      { path, headers: { [name]: value } },
      { what: `${name}: ${value}`, status: 422, pointer: name },
    );
  }
}

async function tryList({ contract, world }: Tools, operation: Operation): Promise<void> {
  const parameters = operation.parameters.filter((one) => one.in === "query");
  if (parameters.length === 0) return;
  const path = await world.pathOf(operation);
  const refuse = (query: string, pointer: string) =>
    contract.ask(operation, { path: `${path}?${query}` }, { what: query, status: 422, pointer });
  await refuse("zz=1", "/zz");
  for (const { name, schema } of parameters) {
    await refuse(`${name}=x&${name}=x`, `/${name}`);
    for (const wrong of wrongTexts(name, schema)) await refuse(`${name}=${wrong}`, `/${name}`);
    if (name === "cursor") continue;
    const query = `${name}=${await rightText(world, name, schema)}`;
    await contract.ask(operation, { path: `${path}?${query}` }, { what: query });
  }
  await tryPages(contract, operation, path);
}

/** The next page begins with another. */
async function tryPages(contract: Contract, operation: Operation, path: string): Promise<void> {
  const ask = (query: string) =>
    contract.ask(operation, { path: path + query }, { what: `the page ${query}` });
  const first = await ask("?limit=1");
  const next = /^<[^?]+(\?[^>]+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1];
  if (!next) return;
  const second = await ask(next);
  if (second.text === first.text) contract.fail(operation, "the next page", "is the first again");
}

function wrongTexts(name: string, schema: Schema): string[] {
  if (name === "limit") return ["0", "101", "1.5", "x", ""];
  if (name === "cursor") return ["x", ""];
  const isText = (value: unknown) => typeof value === "string" && value.length < 1_000;
  return wrongValues(schema).filter(isText).map(String).map(encodeURIComponent);
}

async function rightText(world: World, name: string, schema: Schema): Promise<string> {
  if (name === "limit") return "100";
  if (name === "webhook_id") return world.make("webhooks");
  const [first] = (schema.anyOf ?? [schema]).flatMap((part) => part.enum ?? []);
  if (first !== undefined) return first;
  const { format } = schema.anyOf?.[0] ?? schema;
  if (format === "uuid") return unknownId;
  if (format === "date-time") return "2026-01-01T00:00:00Z";
  return "issue.*";
}

/** ETag, and what it is good for. */
async function tryTags({ contract, world, document }: Tools, operation: Operation): Promise<void> {
  const takes = (name: string) => operation.parameters.some((one) => one.name === name);
  if (takes("If-None-Match")) {
    const path = await world.pathOf(operation);
    const { headers } = await contract.ask(operation, { path }, { what: "once" });
    const etag = headers.get("etag") ?? "";
    await contract.ask(
      operation,
      { path, headers: { "if-none-match": `"x", W/${etag}` } },
      { what: "known already", status: 304 },
    );
    const head = await contract.ask(operation, { path, method: "HEAD" }, { what: "HEAD" });
    expectSame(contract, operation, {
      what: "the ETag of HEAD",
      is: head.headers.get("etag"),
      wanted: etag,
    });
  }
  if (takes("If-Match")) {
    const path = await world.pathOf(operation);
    const body = await world.bodyOf(operation);
    const get = document.operations.find(
      (one) => one.path === operation.path && one.method === "GET",
    );
    const change = (tag: string, status?: number): Promise<Answered> =>
      contract.ask(
        operation,
        { path, body, headers: { "if-match": tag } },
        { what: `If-Match: ${tag}`, ...(status && { status }) },
      );
    await change('"v0-x"', 412);
    const read = get && (await contract.ask(get, { path }, { what: "to be changed" }));
    await change(read?.headers.get("etag") ?? "");
  }
}

async function tryMethods({ contract, document }: Tools, path: string): Promise<void> {
  const ofPath = document.operations.filter((one) => one.path === path);
  const right = ofPath.map(({ method }) => method);
  const [first] = ofPath;
  for (const method of methods) {
    if (!first || right.includes(method)) continue;
    const answer = await contract.ask(
      { ...first, method },
      { path: path.replaceAll(/\{\w+\}/g, unknownId) },
      { what: "a wrong method", status: 405 },
    );
    const allowed = answer.headers.get("allow")?.split(", ") ?? [];
    const wanted = [...right, "OPTIONS", ...(right.includes("GET") ? ["HEAD"] : [])];
    expectSame(
      contract,
      { ...first, method },
      {
        what: "Allow",
        is: allowed.toSorted().join(),
        wanted: wanted.toSorted().join(),
      },
    );
  }
}

function expectSame(
  contract: Contract,
  operation: Operation,
  { what, is, wanted }: { what: string; is: unknown; wanted: unknown },
): void {
  if (is !== wanted) contract.fail(operation, what, `is ${String(is)}, not ${String(wanted)}`);
}
