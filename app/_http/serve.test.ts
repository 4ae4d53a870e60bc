import { NextRequest } from "next/server";
import { afterAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { endpoints } from "@/lib/api/endpoints";
import { useDatabase, useEnv } from "@/lib/testing";
import { serve } from "./serve";

useEnv();
const database = await createTestDatabase();
useDatabase(database);
afterAll(() => database.close());

const routes = serve();
const id = "01a209d6-0000-7000-a3fd-f1689d8b54f2";

async function ask(path: string, method: string) {
  const headers = { host: "127.0.0.1:3000" };
  const request = new NextRequest("http://127.0.0.1:3000/", { method, headers });
  const steps = path.split("/").slice(2).map(decodeURIComponent);
  const route = routes[method as keyof typeof routes];
  return route(request, { params: Promise.resolve({ path: steps }) });
}

describe("serve", () => {
  it("answers at the path of every endpoint", async () => {
    for (const { path, method } of endpoints) {
      const options = await ask(path.replaceAll(/\{\w+\}/g, id), "OPTIONS");
      expect(options.headers.get("allow"), path).toContain(method);
    }
  });

  it.each([
    "/api/v1/constructor",
    `/api/v1/{id}/${id}`,
    `/api/v1/tags/${id}/issues`,
    `/api/v1/issues/${id}/milestones`,
    "/api/v1/webhooks%2Fdry-run",
    `/api/v1/webhooks/${id}/pause/now`,
    "/api/v2/x",
    "/api/v1",
  ])("says that nothing is at %s", async (path) => {
    for (const method of ["OPTIONS", "PUT", "GET"]) {
      const response = await ask(path, method);
      expect(response.status).toBe(404);
      const where = decodeURIComponent(path);
      expect(await response.json()).toMatchObject({ detail: `There is no ${where} here.` });
    }
  });

  it.each([
    ["/api/v1/webhooks/x", "GET, HEAD, PATCH, DELETE, OPTIONS"],
    ["/api/v1/webhooks/dry-run", "POST, OPTIONS"],
    [`/api/v1/issues/${id}/tags`, "GET, HEAD, POST, OPTIONS"],
    [`/api/v1/issues/${id}/tags/${id}`, "DELETE, OPTIONS"],
    ["/api/health", "GET, HEAD, OPTIONS"],
  ])("tells what is allowed at %s", async (path, allow) => {
    const options = await ask(path, "OPTIONS");
    expect(options.headers.get("allow")).toBe(allow);
    const refused = await ask(path, "PUT");
    expect(refused.status).toBe(405);
    expect(refused.headers.get("allow")).toBe(allow);
  });
});
