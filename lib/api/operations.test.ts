import { readdirSync } from "node:fs";
import { NextRequest } from "next/server";
import { describe, expect, it } from "vitest";
import { commentTargets } from "@/db/schema";
import { entities } from "@/lib/entities/definitions";
import { links } from "@/lib/entities/links";
import { useEnv } from "@/lib/testing";
import { operations } from "./operations";

useEnv();

const files = readdirSync("app/api/v1", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith("route.ts"))
  .map((file) => `app/api/v1/${file}`);

type Module = { OPTIONS: (request: NextRequest, more: object) => Promise<Response> };

/** The methods that a route file answers, save those that every one has. */
async function methodsOf(file: string): Promise<string[]> {
  const { OPTIONS }: Module = await import(/* @vite-ignore */ `../../${file}`);
  const request = new NextRequest("http://127.0.0.1:3000/", { method: "OPTIONS" });
  const { headers } = await OPTIONS(request, { params: Promise.resolve({}) });
  const allowed = headers.get("allow")?.split(", ") ?? [];
  return allowed.filter((method) => method !== "OPTIONS" && method !== "HEAD");
}

/** The paths that a route file answers: those of every entity and link where it answers any. */
function pathsOf(file: string): string[] {
  const path = file.replace(/^app/, "").replace(/\/route\.ts$/, "");
  const plurals = Object.keys(entities);
  if (path === "/api/v1/[entity]") return plurals.map((plural) => `/api/v1/${plural}`);
  if (path === "/api/v1/[entity]/[id]") return plurals.map((plural) => `/api/v1/${plural}/{id}`);
  const linked = links.map(({ owner, path: name }) => `/api/v1/${owner.plural}/{id}/${name}`);
  if (path === "/api/v1/[entity]/[id]/[link]")
    return [...linked, ...commentTargets.map((target) => `/api/v1/${target}s/{id}/comments`)];
  if (path === "/api/v1/[entity]/[id]/[link]/[other]")
    return linked.map((one, index) => `${one}/{${links[index]?.field}}`);
  return [path.replaceAll("[", "{").replaceAll("]", "}")];
}

describe("operations", () => {
  it("are the methods of the route files, no more and no less", async () => {
    const served = await Promise.all(
      files.map(async (file) => {
        const methods = await methodsOf(file);
        return pathsOf(file).flatMap((path) => methods.map((method) => `${method} ${path}`));
      }),
    );
    const documented = operations
      .map(({ method, path }) => `${method} ${path}`)
      .filter((operation) => operation !== "GET /api/health");
    expect(documented.toSorted()).toEqual(served.flat().toSorted());
  });

  it("have an id each, and a summary that ends without a dot", () => {
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
    for (const { summary } of operations) expect(summary).toMatch(/^[A-Z].*[^.]$/);
  });

  it("take the examples they are shown with", () => {
    for (const { id, body } of operations) {
      if (body) expect(body.of.schema.safeParse(body.example).error, id).toBeUndefined();
    }
  });

  it("answer as in the examples they are shown with", () => {
    for (const { id, answers } of operations) {
      for (const { of, example } of answers) {
        if (of && example !== undefined)
          expect(of.schema.safeParse(example).error, id).toBeUndefined();
      }
    }
  });
});
