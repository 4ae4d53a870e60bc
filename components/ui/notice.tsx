import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

const looks = {
  info: { box: "border-accent-line bg-accent-soft", icon: "text-accent-text", Icon: Info },
  ok: { box: "border-ok-line bg-ok-soft", icon: "text-ok", Icon: CircleCheck },
  warn: { box: "border-warn-line bg-warn-soft", icon: "text-warn", Icon: TriangleAlert },
  bad: { box: "border-bad-line bg-bad-soft", icon: "text-bad", Icon: CircleAlert },
};

/** A sentence that must be seen; `bad` is spoken at once. */
export function Notice({
  tone,
  className,
  children,
}: {
  tone: keyof typeof looks;
  className?: string;
  children: ReactNode;
}) {
  const { box, icon, Icon } = looks[tone];
  return (
    <div
      role={tone === "bad" ? "alert" : undefined}
      className={cn(
        "flex items-start gap-2.5 rounded-lg border px-3 py-2 text-[13px] leading-5",
        box,
        className,
      )}
    >
      <Icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", icon)} />
      <div className="min-w-0 flex-1 break-words">{children}</div>
    </div>
  );
}
