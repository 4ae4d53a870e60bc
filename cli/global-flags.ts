type GlobalFlag = {
  name: string;
  placeholder?: string;
  help: string;
  /** Only commands that ask so take it. */
  method?: string;
};

export const globalFlags: readonly GlobalFlag[] = [
  { name: "json", help: "Print the API's JSON answer" },
  { name: "api-url", placeholder: "URL", help: "Where Turbo runs (else TURBO_API_URL)" },
  { name: "api-key", placeholder: "KEY", help: "The bearer token (else TURBO_API_KEY)" },
  { name: "actor", placeholder: "ai:NAME", help: "Who acts, sent as X-Turbo-Actor" },
  {
    name: "causation",
    placeholder: "EVENT-ID",
    help: "The event that makes you ask, sent as X-Turbo-Causation",
  },
  {
    name: "idempotency-key",
    placeholder: "KEY",
    help: "What is asked again under the same key within 24 h is done once",
    method: "POST",
  },
  { name: "help", help: "Show this help" },
];

/** The flags every command takes, and those of this one's kind; without one all of them. */
export function globalFlagsOf(command?: { method: string }): readonly GlobalFlag[] {
  return globalFlags.filter(({ method }) => !command || !method || method === command.method);
}
