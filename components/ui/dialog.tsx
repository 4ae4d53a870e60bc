"use client";

import * as Radix from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { cn } from "@/lib/cn";
import { IconButton } from "./button";

type DialogProps = {
  isOpen: boolean;
  onClose: () => void;
  title: ReactNode;
  description?: ReactNode;
  /** Where the focus goes if what opened the dialog is gone when it closes. */
  fallbackFocus?: () => HTMLElement | null;
  /** It closes by its buttons alone: what it shows is shown once. */
  isSticky?: boolean;
  children: ReactNode;
};

const overlay =
  "fixed inset-0 z-40 bg-black/40 data-[state=closed]:animate-fade-out data-[state=open]:animate-fade-in";

/** Controlled dialogs have no trigger, so Radix would leave the focus on the body. */
function useFocusReturn(fallbackFocus: DialogProps["fallbackFocus"]) {
  const opener = useRef<Element | null>(null);
  return {
    onOpenAutoFocus: () => {
      opener.current = document.activeElement;
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      const { current } = opener;
      const target =
        current?.isConnected && current !== document.body ? current : fallbackFocus?.();
      if (target instanceof HTMLElement) target.focus();
    },
  };
}

/** The first Escape closes the list of a field, the next one the dialog. */
function isListOpen(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('[role="combobox"][aria-expanded="true"]');
}

function Shell({ panel, ...props }: DialogProps & { panel: string }) {
  const focus = useFocusReturn(props.fallbackFocus);
  return (
    <Radix.Root open={props.isOpen} onOpenChange={(isOpen) => !isOpen && props.onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={overlay} />
        <Radix.Content
          className={cn("fixed z-50 flex flex-col border-line bg-surface shadow-dialog", panel)}
          {...(props.description ? {} : { "aria-describedby": undefined })}
          {...focus}
          onInteractOutside={(event) => props.isSticky && event.preventDefault()}
          onEscapeKeyDown={(event) => {
            if (props.isSticky || isListOpen(event.target)) event.preventDefault();
          }}
        >
          <div className="flex items-start justify-between gap-4 px-4 pt-4 sm:px-6 sm:pt-5">
            <div className="min-w-0">
              <Radix.Title className="text-base font-semibold tracking-tight wrap-anywhere">
                {props.title}
              </Radix.Title>
              {props.description && (
                <Radix.Description className="mt-1 text-[13px] leading-5 text-ink-muted wrap-anywhere">
                  {props.description}
                </Radix.Description>
              )}
            </div>
            {!props.isSticky && (
              <Radix.Close asChild>
                <IconButton label="Close" className="-mt-1 -mr-2">
                  <X aria-hidden className="size-4" />
                </IconButton>
              </Radix.Close>
            )}
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto px-4 py-4 sm:px-6 sm:py-5">
            {props.children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** A question or a form in the middle of the page. */
export function Dialog({ isWide, ...props }: DialogProps & { isWide?: boolean }) {
  return (
    <Shell
      {...props}
      panel={cn(
        "inset-x-3 top-1/2 mx-auto max-h-[min(90dvh,52rem)] -translate-y-1/2 rounded-xl border",
        "data-[state=closed]:animate-fade-out data-[state=open]:animate-fade-in",
        isWide ? "max-w-3xl" : "max-w-md",
      )}
    />
  );
}

/** A panel at the right edge, for the detail of a row; the whole width on a phone. */
export function Sheet(props: DialogProps) {
  return (
    <Shell
      {...props}
      panel={cn(
        "inset-y-0 right-0 w-full max-w-2xl sm:border-l",
        "data-[state=closed]:animate-slide-out data-[state=open]:animate-slide-in",
      )}
    />
  );
}
