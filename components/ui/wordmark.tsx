/** The product's name with its mark. */
export function Wordmark() {
  return (
    <span className="inline-flex items-center gap-2.5 font-semibold tracking-tight">
      <svg aria-hidden viewBox="0 0 32 32" className="size-6">
        <rect width="32" height="32" rx="8" className="fill-accent" />
        <path d="M18.2 5.5 8.6 18h6.1l-1.1 8.5L23.4 14h-6.3z" fill="#fff" />
      </svg>
      Turbo Webhooks
    </span>
  );
}
