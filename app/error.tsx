"use client";

import { Button } from "@/components/ui/button";
import { MessagePage } from "@/components/ui/message-page";
import { databaseAwayDigest } from "@/lib/errors";

type ErrorProps = { error: Error & { digest?: string }; retry: () => void };

export default function ErrorPage({ error, retry }: ErrorProps) {
  const isDatabaseAway = error.digest === databaseAwayDigest;
  return (
    <MessagePage
      title={isDatabaseAway ? "The database cannot be reached" : "This page could not be shown"}
      action={
        <Button variant="primary" onClick={retry}>
          Try again
        </Button>
      }
    >
      {isDatabaseAway ? (
        <p>Nothing is lost: what is due waits, and goes out by itself once the database is back.</p>
      ) : (
        <p>The server's log tells why. Deliveries go on meanwhile.</p>
      )}
      {error.digest && !isDatabaseAway && (
        <p className="mt-2 font-mono text-xs">Reference {error.digest}</p>
      )}
    </MessagePage>
  );
}
