import { Filter } from "lucide-react";
import { Badge } from "@/components/ui/badge";
import { Disclosure } from "@/components/ui/disclosure";
import { JsonView } from "@/components/ui/json-view";
import type { Webhook } from "@/lib/webhooks/schema";
import { describeFilters, type NameOf } from "./filter-words";

const spared = {
  actor: "not what its own actor causes",
  key: "not what its own API key causes",
};

/** What a webhook leaves out, in words, and the filter itself behind them; nothing if it has none. */
export function FilterSummary({ webhook, nameOf }: { webhook: Webhook; nameOf: NameOf }) {
  const { filters, skip_own } = webhook;
  const phrases = describeFilters(filters, nameOf);
  if (phrases.length === 0 && !skip_own) return null;
  const shown = [...phrases, ...(skip_own ? [spared[skip_own]] : [])];
  return (
    <div className="space-y-1">
      <ul aria-label="Filters" className="flex flex-wrap items-center gap-1.5">
        <li aria-hidden className="text-ink-faint" title="Only events that fulfil all of these">
          <Filter className="size-3.5" />
        </li>
        {shown.map((phrase) => (
          <li key={phrase} className="flex max-w-full">
            <Badge tone="accent" className="font-normal" title={phrase}>
              <span className="truncate">{phrase}</span>
            </Badge>
          </li>
        ))}
      </ul>
      {phrases.length > 0 && (
        <Disclosure
          summary={
            <>
              The filter as JSON<span className="sr-only"> of {webhook.name}</span>
            </>
          }
        >
          <JsonView label="Filter" value={filters} />
        </Disclosure>
      )}
    </div>
  );
}
