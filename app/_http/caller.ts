import { after } from "next/server";
import { db } from "@/db/client";
import { afterCommit } from "@/inngest/after-commit";
import { checkHost, checkOrigin, isSameSecret } from "@/lib/admission";
import { unknownActor, type Actor, type Context } from "@/lib/context";
import { env } from "@/lib/env";
import { AppError, invalid } from "@/lib/errors";
import { newId } from "@/lib/id";
import { isSession, sessionCookieName } from "./session";

type Asked = {
  read: (header: string) => string | null;
  cookie: (name: string) => string | undefined;
  isWrite: boolean;
  requestId: string;
};

/** Somebody who may call, by a name of their own: they have a quota and idempotency keys. */
export type Caller = { name: string; actor: Actor; key: string | null };

/** Who calls; null: nobody who may. */
export function findCaller({ read, cookie }: Pick<Asked, "read" | "cookie">): Caller | null {
  const { isExposed, apiKey } = env();
  const bearer = /^Bearer (.+)$/i.exec(read("authorization") ?? "")?.[1];
  if (bearer !== undefined && apiKey !== undefined && isSameSecret(bearer, apiKey))
    return { name: "key:admin", actor: admin, key: "admin" };
  if (!isExposed) return { name: "local", actor: unknownActor, key: null };
  const isSignedIn = bearer === undefined && isSession(cookie(sessionCookieName()));
  return isSignedIn ? { name: "session", actor: admin, key: null } : null;
}

const admin: Actor = { type: "user", name: "admin", metadata: {} };

/** Who calls, and what they may use; throws what refuses them. Every door asks this first. */
export function callerContext(asked: Asked, caller = findCaller(asked)): Context {
  const { read, isWrite, requestId } = asked;
  const settings = env();
  checkHost(read, settings);
  if (isWrite) checkOrigin(read, settings);
  if (!caller)
    throw new AppError("unauthorized", "Send the API key: Authorization: Bearer <TURBO_API_KEY>.");
  return {
    db: db(),
    actor: namedActor(read("x-turbo-actor"), caller.actor),
    key: caller.key,
    cause: null,
    ifMatch: isWrite ? read("if-match") : null,
    requestId,
    afterCommit: afterCommit(keepAlive),
  };
}

/** `X-Turbo-Actor: ai:<name>` says on whose behalf the caller acts. */
function namedActor(header: string | null, signedIn: Actor): Actor {
  if (header === null) return signedIn;
  const match = /^(user|ai):([\x20-\x7e]{1,100})$/.exec(header.trim());
  if (!match?.[1] || !match[2]) {
    throw invalid({
      pointer: "X-Turbo-Actor",
      code: "invalid",
      message: "must be ai:<name> or user:<name>",
    });
  }
  return { ...signedIn, type: match[1] === "ai" ? "ai" : "user", name: match[2].trim() };
}

/** A serverless function may freeze once it has answered; our own process lives on by itself. */
function keepAlive(work: Promise<unknown>): void {
  if (env().isVercel) after(() => work);
  else void work;
}

export function requestIdOf(given: string | null): string {
  return given && /^[\w.-]{1,100}$/.test(given) ? given : newId();
}
