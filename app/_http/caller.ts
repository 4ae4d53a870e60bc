import { after } from "next/server";
import { db } from "@/db/client";
import { postOffice } from "@/inngest/post-office";
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

/** Who calls, and what they may use; throws what refuses them. Every door asks this first. */
export function callerContext(asked: Asked): Context {
  const settings = env();
  checkHost(asked.read, settings);
  if (asked.isWrite) checkOrigin(asked.read, settings);
  const signedIn = signedInActor(asked);
  return {
    db: db(),
    actor: namedActor(asked.read("x-turbo-actor"), signedIn),
    requestId: asked.requestId,
    post: postOffice(keepAlive),
  };
}

function signedInActor({ read, cookie }: Asked): Actor {
  const { isExposed, apiKey } = env();
  if (!isExposed) return unknownActor;
  const bearer = /^Bearer (.+)$/i.exec(read("authorization") ?? "")?.[1];
  const hasKey = bearer !== undefined && apiKey !== undefined && isSameSecret(bearer, apiKey);
  if (hasKey || (bearer === undefined && isSession(cookie(sessionCookieName())))) {
    return { type: "user", name: "admin", metadata: {} };
  }
  throw new AppError("unauthorized", "Send the API key: Authorization: Bearer <TURBO_API_KEY>.");
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
