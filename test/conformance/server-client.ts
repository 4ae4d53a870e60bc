import { Inngest } from "inngest";

/** An Inngest server, and who asks it. */
export type ServerTarget = {
  appId: string;
  url: string;
  /** Both are given for `inngest start`, neither for a dev server. */
  eventKey: string | undefined;
  signingKey: string | undefined;
  /** Where that server is to call the functions. */
  origin: string;
};

const silent = { info() {}, warn() {}, error() {}, debug() {} };

export function makeServerClient({ appId, url, eventKey, signingKey }: ServerTarget): Inngest {
  return new Inngest({
    id: appId,
    isDev: signingKey === undefined,
    baseUrl: url,
    eventKey,
    signingKey,
    checkpointing: false,
    aiMetadata: false,
    logger: silent,
    internalLogger: silent,
  });
}
