"use client";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Refused } from "./settings/webhooks/api-client";

/** A session that ended leads to the sign-in page, and back from there. */
function leaveWhenSignedOut(error: unknown) {
  if (!(error instanceof Refused) || error.code !== "unauthorized") return;
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
}

function makeQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
    mutationCache: new MutationCache({ onError: leaveWhenSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => failures < 2 && isPassing(error),
        // The server may be this very computer, which answers without any network.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}

function isPassing({ code }: Refused): boolean {
  return code === "unreachable" || code === "unavailable";
}

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(makeQueryClient);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
