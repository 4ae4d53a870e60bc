import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { databaseAwayDigest, AppError } from "@/lib/errors";
import { isDatabaseAway } from "@/db/errors";
import { env } from "@/lib/env";
import type { Context } from "@/lib/context";
import { callerContext, requestIdOf } from "./caller";
import { toAppError } from "./error-response";

/**
 * The context of a page; without a session an exposed page leads to the sign-in page, and from there
 * to `path`.
 */
export async function pageContext(path?: string): Promise<Context> {
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
    if (error instanceof AppError && error.code === "unauthorized") redirect(signInPath(path));
    throw error;
  }
}

function signInPath(path?: string): string {
  return path === undefined ? "/sign-in" : `/sign-in?${new URLSearchParams({ next: path })}`;
}

/** Admits the caller of a page, and tells it whether there is somebody to sign out. */
export async function requirePage(path?: string): Promise<{ isExposed: boolean }> {
  await pageContext(path);
  return { isExposed: env().isExposed };
}

/** What a page shows. With the database away it throws what the error page knows by its digest. */
export async function readForPage<T>(verb: (ctx: Context) => Promise<T>): Promise<T> {
  const ctx = await pageContext();
  try {
    return await verb(ctx);
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    throw Object.assign(toAppError(error, ctx.requestId), { digest: databaseAwayDigest });
  }
}
