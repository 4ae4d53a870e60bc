import Link from "next/link";
import { cn } from "@/lib/cn";
import { conventions } from "./convention-names";
import { readGroups } from "./read-groups";

/** Where one can go: at the side, or on a narrow screen behind one line at the top. */
export function Contents({ current }: { current: string | null }) {
  return (
    <>
      <details className="rounded-lg border border-line bg-surface lg:hidden">
        <summary className="flex min-h-11 list-none items-center px-4 text-sm font-medium">
          Contents
        </summary>
        <nav aria-label="API reference" className="border-t border-line px-2 py-3">
          <Places current={current} />
        </nav>
      </details>
      <nav
        aria-label="API reference"
        className="sticky top-6 hidden max-h-[calc(100dvh-3rem)] overflow-y-auto pr-2 lg:block"
      >
        <Places current={current} />
      </nav>
    </>
  );
}

function Places({ current }: { current: string | null }) {
  return (
    <ul className="space-y-1">
      <Place href="/reference" name="How to use it" isCurrent={current === null}>
        {conventions.map(({ id, name }) => ({ href: `/reference#${id}`, name }))}
      </Place>
      {readGroups().map(({ slug, name, endpoints }) => (
        <Place key={slug} href={`/reference/${slug}`} name={name} isCurrent={current === slug}>
          {endpoints.map(({ id, summary }) => ({
            href: `/reference/${slug}#${id}`,
            name: summary,
          }))}
        </Place>
      ))}
    </ul>
  );
}

function Place({
  href,
  name,
  isCurrent,
  children,
}: {
  href: string;
  name: string;
  isCurrent: boolean;
  children: { href: string; name: string }[];
}) {
  return (
    <li>
      <Link
        href={href}
        aria-current={isCurrent ? "page" : undefined}
        className={cn(
          "flex min-h-9 items-center rounded-md px-2 text-[13px] hover:bg-hover pointer-coarse:min-h-10",
          isCurrent ? "font-semibold text-ink" : "text-ink-muted",
        )}
      >
        {name}
      </Link>
      {isCurrent && (
        <ul className="mb-2 ml-2 border-l border-line pl-1">
          {children.map((place) => (
            <li key={place.href}>
              <a
                href={place.href}
                className="flex min-h-8 items-center rounded-md px-2 py-1 text-xs leading-5 text-ink-muted hover:bg-hover hover:text-ink pointer-coarse:min-h-10"
              >
                {place.name}
              </a>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
