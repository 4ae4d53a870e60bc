import { readdirSync, readFileSync } from "node:fs";
import { NextRequest } from "next/server";
import { afterAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { endpoints } from "@/lib/api/endpoints";
import { entities } from "@/lib/entities/definitions";
import { useDatabase, useEnv } from "@/lib/testing";
import { serve } from "./serve";

useEnv();
const database = await createTestDatabase();
useDatabase(database);
afterAll(() => database.close());

/** The path of each route file of the API, as `/api/v1/webhooks/{id}`. */
const places = readdirSync("app/api", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith("route.ts") && !file.startsWith("inngest"))
  .map((file) => ({
    file: `app/api/${file}`,
    path: `/api/${file}`.replaceAll(/\[(?:\.\.\.)?(\w+)\]/g, "{$1}").replace(/\/route\.ts$/, ""),
  }));

async function ask(template: string, params: Record<string, string>, method: string) {
  const routes = serve(template);
  const headers = { host: "127.0.0.1:3000" };
  const request = new NextRequest("http://127.0.0.1:3000/", { method, headers });
  const route = routes[method as keyof typeof routes];
  return route(request, { params: Promise.resolve(params) });
}

describe("serve", () => {
  it.each(places)("is told in $file where that file stands", ({ file, path }) => {
    const [, named] = /serve\(\s*"([^"]+)"/.exec(readFileSync(file, "utf8")) ?? [];
    expect(named).toBe(path);
  });

  it("has a route file for every endpoint", () => {
    const paths = new Set(places.map(({ path }) => path));
    const plurals = Object.keys(entities).join("|");
    const ofEntities = new RegExp(`^/api/v1/(${plurals})`);
    for (const { path } of endpoints) {
      const place = path
        .replace(ofEntities, "/api/v1/{entity}")
        .replace(/(\{entity\}\/\{id\})\/\w+/, "$1/{link}")
        .replace(/(\{link\})\/\{\w+\}/, "$1/{other}");
      expect(paths).toContain(place);
    }
  });

  it("refuses at once to serve what there is not", () => {
    expect(() => serve("/api/v1/nonsense")).toThrow("/api/v1/nonsense");
  });

  it.each([
    ["/api/v1/{entity}", { entity: "constructor" }, "/api/v1/constructor"],
    ["/api/v1/{entity}/{id}", { entity: "{id}", id: "1" }, "/api/v1/{id}/{id}"],
    [
      "/api/v1/{entity}/{id}/{link}",
      { entity: "tags", id: "1", link: "issues" },
      "/api/v1/tags/{id}/issues",
    ],
    [
      "/api/v1/{entity}/{id}/{link}",
      { entity: "issues", id: "1", link: "milestones" },
      "/api/v1/issues/{id}/milestones",
    ],
    ["/api/{path}", { path: "v2/x" }, "/api/v2/x"],
    ["/api/{path}", { path: "v1/webhooks" }, "/api/v1/webhooks"],
    ["/api/v1/{entity}", { entity: "webhooks/dry-run" }, "/api/v1/webhooks/dry-run"],
  ])("says that nothing is at %s for %o", async (template, params, where) => {
    const response = await ask(template, params, "OPTIONS");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: `There is no ${where} here.` });
  });

  it.each([
    ["/api/v1/webhooks/{id}", {}, "GET, HEAD, PATCH, DELETE, OPTIONS"],
    [
      "/api/v1/{entity}/{id}/{link}",
      { entity: "issues", link: "tags" },
      "GET, HEAD, POST, OPTIONS",
    ],
    ["/api/v1/{entity}/{id}/{link}/{other}", { entity: "issues", link: "tags" }, "DELETE, OPTIONS"],
  ])("tells what is allowed at %s %o", async (template, params, allow) => {
    const options = await ask(template, params, "OPTIONS");
    expect(options.headers.get("allow")).toBe(allow);
    const refused = await ask(template, params, "PUT");
    expect(refused.status).toBe(405);
    expect(refused.headers.get("allow")).toBe(allow);
  });
});
