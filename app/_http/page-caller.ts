import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import type { Context } from "@/lib/context";
import { callerContext, requestIdOf } from "./caller";

/** The context of a page; without a session an exposed page leads to the sign-in page. */
export async function pageContext(): Promise<Context> {
  const given = await headers();
  const jar = await cookies();
  try {
    return callerContext({
      read: (header) => given.get(header),
      cookie: (name) => jar.get(name)?.value,
      isWrite: false,
      requestId: requestIdOf(given.get("x-request-id")),
    });
  } catch (error) {
    if (error instanceof AppError && error.code === "unauthorized") redirect("/sign-in");
    throw error;
  }
}

/** Admits the caller of a page, and tells it whether there is somebody to sign out. */
export async function requirePage(): Promise<{ isExposed: boolean }> {
  await pageContext();
  return { isExposed: env().isExposed };
}
