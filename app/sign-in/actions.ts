"use server";

import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { isSecure, makeSession, sessionCookieName, sessionSeconds } from "@/app/_http/session";
import { checkHost, checkOrigin, isSameSecret } from "@/lib/admission";
import { env } from "@/lib/env";

export type SignInState = { error: string | null };

/** Takes the API key and sets a session; field `key`, and `next`: the path to go on to. */
export async function signIn(_previous: SignInState, form: FormData): Promise<SignInState> {
  await checkOurOwn();
  const { apiKey } = env();
  const key = form.get("key");
  if (typeof key !== "string" || !apiKey || !isSameSecret(key, apiKey)) {
    return { error: "That is not the API key of this installation." };
  }
  const jar = await cookies();
  jar.set(sessionCookieName(), makeSession(), {
    httpOnly: true,
    sameSite: "lax",
    secure: isSecure(),
    path: "/",
    maxAge: sessionSeconds,
  });
  redirect(ownPath(form.get("next")));
}

export async function signOut(): Promise<void> {
  await checkOurOwn();
  const jar = await cookies();
  jar.set(sessionCookieName(), "", {
    httpOnly: true,
    sameSite: "lax",
    secure: isSecure(),
    path: "/",
    maxAge: 0,
  });
  redirect("/sign-in");
}

async function checkOurOwn(): Promise<void> {
  const given = await headers();
  const read = (header: string) => given.get(header);
  checkHost(read, env());
  checkOrigin(read, env());
}

function ownPath(next: FormDataEntryValue | null): string {
  return typeof next === "string" && /^\/[\w/-]*$/.test(next) && !next.startsWith("//")
    ? next
    : "/settings/webhooks";
}
