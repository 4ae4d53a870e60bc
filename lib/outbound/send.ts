import type { TargetPolicy } from "./address";
import { Connections } from "./connections";
import { rememberTargets } from "./find-target";
import { Post, type PostTools, type SendRequest } from "./post";
import { createResolve, type Resolve } from "./resolve";

export type { SendResult } from "./post";

/** A POST under way. */
export type Sending = Pick<Post, "result" | "hasBegun" | "abort" | "abortHard">;

export type Sender = {
  send: (request: SendRequest) => Sending;
  /** Waits for the POSTs under way, then closes every connection. Later POSTs are `aborted`. */
  close: () => Promise<void>;
};

export type SenderOptions = {
  /** Replaces the hosts file and the name servers. */
  resolve?: Resolve;
  /** Certificates to trust in place of the default ones (PEM). */
  ca?: string;
};

/**
 * Makes POSTs: one deadline over each, redirects not followed, nothing decompressed, proxies of the
 * environment not used, and only addresses that the policy allows, checked for every connection.
 * Connections are kept and used again.
 *
 * A receiver may close a kept connection just as the next POST is written to it. If it did so
 * without a byte of an answer, the POST is made once more on a new connection, within the same
 * deadline: an attempt must not fail for that, and delivery is at-least-once under one `webhook-id`.
 */
export function createSender(policy: TargetPolicy, options: SenderOptions = {}): Sender {
  const tools: PostTools = {
    connections: new Connections(),
    opening: { policy, resolve: options.resolve ?? createResolve(), ca: options.ca },
    findTarget: rememberTargets(policy),
    inFlight: 0,
    isClosed: false,
    onNoneInFlight: () => {},
  };
  let closing: Promise<void> | undefined;
  return {
    send(request) {
      const post = new Post(tools, request);
      post.start();
      return post;
    },
    close: () => (closing ??= close(tools)),
  };
}

async function close(tools: PostTools): Promise<void> {
  tools.isClosed = true;
  if (tools.inFlight > 0) {
    await new Promise<void>((resolve) => (tools.onNoneInFlight = resolve));
  }
  tools.connections.close();
}
