import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { ThemeToggle } from "@/components/ui/theme-toggle";
import { Wordmark } from "@/components/ui/wordmark";
import { env } from "@/lib/env";
import { SignInForm } from "./sign-in-form";

export const metadata: Metadata = { title: "Sign in" };
export const dynamic = "force-dynamic";

type PageProps = { searchParams: Promise<{ next?: string | string[] }> };

export default async function SignInPage({ searchParams }: PageProps) {
  if (!env().isExposed) redirect("/settings/webhooks");
  const { next } = await searchParams;
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center gap-6 px-4 py-8">
      <div className="flex items-center justify-between">
        <Wordmark />
        <ThemeToggle />
      </div>
      <section className="rounded-xl border border-line bg-surface p-5 shadow-card sm:p-6">
        <h1 className="text-base font-semibold tracking-tight">Sign in with the API key</h1>
        <p className="mt-1 mb-5 text-[13px] text-ink-muted">
          Others can reach this installation, so it asks who you are. The key is the{" "}
          <code className="font-mono text-xs">TURBO_API_KEY</code> it was started with.
        </p>
        <SignInForm next={typeof next === "string" ? next : ""} />
      </section>
    </main>
  );
}
