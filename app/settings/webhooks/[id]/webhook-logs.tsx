"use client";

import { useSearchParams } from "next/navigation";
import { useState } from "react";
import { DeliveryLog } from "@/app/settings/webhooks/delivery-log";
import { Card, CardContent } from "@/components/ui/card";
import { Tabs } from "@/components/ui/tabs";
import { LiveMark } from "@/components/webhooks/live-mark";
import type { Webhook } from "@/lib/webhooks/schema";
import { EventLog } from "./event-log";

const tabs = [
  { name: "deliveries", label: "Deliveries" },
  { name: "events", label: "Events" },
] as const;
type TabName = (typeof tabs)[number]["name"];

/** What was sent, and beside it every event with why it was sent or not; `?event=` asks about one. */
export function WebhookLogs({ webhook }: { webhook: Webhook }) {
  const askedAtFirst = useSearchParams().get("event");
  const [askedId, setAskedId] = useState(askedAtFirst);
  const [tab, setTab] = useState<TabName>(askedAtFirst ? "events" : "deliveries");
  const [isLive, setIsLive] = useState(true);
  const ask = (eventId: string) => {
    setAskedId(eventId);
    window.history.replaceState(null, "", `?event=${eventId}`);
  };
  return (
    <Card aria-labelledby="logs">
      <h2 id="logs" className="sr-only">
        Deliveries and events
      </h2>
      <Tabs
        label="Deliveries and events"
        tabs={tabs}
        active={tab}
        onChange={setTab}
        aside={
          tab === "deliveries" && <LiveMark isLive={isLive} onTurn={() => setIsLive(!isLive)} />
        }
      >
        <CardContent className="space-y-4">
          {tab === "deliveries" ? (
            <>
              <Hint>
                One line for each event, whatever became of it. Open one for its attempts.
              </Hint>
              <DeliveryLog webhook={webhook} isLive={isLive} isWhole />
            </>
          ) : (
            <>
              <Hint>
                Whatever happened here, and why this webhook gets it or not. Each is judged by the
                webhook as it was then.
              </Hint>
              <EventLog webhookId={webhook.id} askedId={askedId} onAsk={ask} />
            </>
          )}
        </CardContent>
      </Tabs>
    </Card>
  );
}

function Hint({ children }: { children: string }) {
  return <p className="text-[13px] text-ink-muted">{children}</p>;
}
