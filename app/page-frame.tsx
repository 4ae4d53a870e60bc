import { LogOut, ShieldCheck } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { signOut } from "@/app/sign-in/actions";
import { Button } from "@/components/ui/button";
import { buttonClasses } from "@/components/ui/button-classes";
import { ThemeToggle } from "@/components/ui/theme-toggle";
import { Wordmark } from "@/components/ui/wordmark";

/** What all pages have around them: where to go, the theme, and the way out. */
export function PageFrame({ isExposed, children }: { isExposed: boolean; children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-30 focus:rounded-lg focus:bg-surface focus:px-3 focus:py-2 focus:shadow-dialog"
      >
        Skip to content
      </a>
      <header className="border-b border-line bg-surface">
        <div className="mx-auto flex h-14 w-full max-w-5xl items-center justify-between gap-4 px-4 sm:px-6">
          <Link
            href="/settings/webhooks"
            className="inline-flex min-h-10 items-center rounded-md text-sm"
          >
            <Wordmark />
          </Link>
          <div className="flex items-center gap-1">
            <Link href="/reference" prefetch={false} className={buttonClasses("ghost", "sm")}>
              <span>
                API<span className="sr-only sm:not-sr-only"> reference</span>
              </span>
            </Link>
            <ThemeToggle />
            {isExposed && (
              <form action={signOut}>
                <Button
                  type="submit"
                  size="sm"
                  variant="ghost"
                  icon={<LogOut aria-hidden className="size-4" />}
                >
                  <span className="sr-only sm:not-sr-only">Sign out</span>
                </Button>
              </form>
            )}
          </div>
        </div>
      </header>
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto w-full max-w-5xl flex-1 px-4 py-8 sm:px-6"
      >
        {children}
      </main>
      {!isExposed && (
        <footer className="mx-auto flex w-full max-w-5xl items-center gap-2 px-4 pb-8 text-xs text-ink-faint sm:px-6">
          <ShieldCheck aria-hidden className="size-4 shrink-0" />
          Local: no sign-in; only this computer can reach it.
        </footer>
      )}
    </div>
  );
}
