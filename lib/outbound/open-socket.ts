import { connect, isIP, isIPv4, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import {
  isAllowedAddress,
  isListedAddress,
  isOwnAddress,
  isSameAddress,
  type TargetPolicy,
} from "./address";
import { isLocalhostName } from "./target";
import { connectFailure, dnsFailure, tlsFailure, type Failure } from "./failure";
import type { Resolve } from "./resolve";

/** Where a connection goes. `host`: a name or an address without brackets. */
export type Place = { host: string; port: number; isTls: boolean };

export type OpenSocketOptions = {
  policy: TargetPolicy;
  resolve: Resolve;
  /** Certificates to trust in place of the default ones (PEM). */
  ca?: string;
};

export type OpenedSocket =
  | { ok: true; socket: Socket; address: string }
  | { ok: false; failure: Failure; address: string | null };

const mostAddresses = 4;
/** How long one address is tried alone before the next is tried beside it. */
const headStartMs = 250;

/** One text for every target that is not public, so that it tells nothing about what is there. */
export const blockedMessage =
  "The receiver's address is not one that webhooks may be sent to: it must be public or listed in " +
  "WEBHOOK_ALLOW_NETWORKS.";

/**
 * Opens a connection to an address that was checked: resolves the name, refuses all if one of its
 * addresses is not allowed, connects to the first of up to four that answers, and checks the peer.
 * The signal ends it at any point; the promise then resolves with some failure. Never rejects.
 */
export async function openSocket(
  place: Place,
  options: OpenSocketOptions,
  signal: AbortSignal,
): Promise<OpenedSocket> {
  let addresses: string[];
  try {
    addresses = await findAddresses(place.host, options);
  } catch (error) {
    return { ok: false, failure: dnsFailure(error), address: null };
  }
  const refusal = judge(addresses, place, options.policy);
  if (refusal) return blocked(refusal);
  const reached = await reachFirst(inTurn(addresses), place.port, signal);
  if (reached instanceof Error) {
    return { ok: false, failure: connectFailure(reached), address: null };
  }
  const { socket, address } = reached;
  const peer = socket.remoteAddress;
  if (peer === undefined) {
    socket.destroy();
    const failure = connectFailure(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    return { ok: false, failure, address };
  }
  if (!isSameAddress(peer, address) || judge([peer], place, options.policy)) {
    socket.destroy();
    return blocked(blockedMessage);
  }
  if (!place.isTls) return { ok: true, socket, address };
  const secured = await secure(socket, { host: place.host, ca: options.ca }, signal);
  if (secured instanceof Error) return { ok: false, failure: tlsFailure(secured), address };
  return { ok: true, socket: secured, address };
}

async function findAddresses(host: string, options: OpenSocketOptions): Promise<string[]> {
  if (isIP(host)) return [host];
  if (isLocalhostName(host)) {
    const loopbacks = ["127.0.0.1", "::1"];
    const allowed = loopbacks.filter((address) => isAllowedAddress(address, options.policy));
    return allowed.length > 0 ? allowed : loopbacks;
  }
  const addresses = await options.resolve(host);
  if (addresses.length === 0) {
    throw Object.assign(new Error("no address"), { code: "ENODATA" });
  }
  return [...new Set(addresses)];
}

function judge(addresses: string[], place: Place, policy: TargetPolicy): string | undefined {
  const isBlocked = addresses.some(
    (address) => !isAllowedAddress(address, policy) || isOwnAddress(address, place.port, policy),
  );
  if (isBlocked) return blockedMessage;
  const mayBePlain =
    place.isTls ||
    !policy.isExposed ||
    addresses.every((address) => isListedAddress(address, policy));
  return mayBePlain
    ? undefined
    : "Plain http is only for addresses in WEBHOOK_ALLOW_NETWORKS; use an https URL.";
}

/** IPv4 and IPv6 in turn, at most four. */
function inTurn(addresses: string[]): string[] {
  const v4 = addresses.filter((address) => isIPv4(address));
  const v6 = addresses.filter((address) => !isIPv4(address));
  const turns = Array.from({ length: mostAddresses }, (_, i) => [v4[i], v6[i]]).flat();
  return turns.filter((address) => address !== undefined).slice(0, mostAddresses);
}

type Reached = { socket: Socket; address: string };

function reachFirst(
  addresses: string[],
  port: number,
  signal: AbortSignal,
): Promise<Reached | Error> {
  const untried = [...addresses];
  const trying = new Set<Socket>();
  let lastError = new Error("no address");
  let headStart: NodeJS.Timeout | undefined;
  let isOver = false;
  return new Promise((resolve) => {
    const end = (result: Reached | Error) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(headStart);
      signal.removeEventListener("abort", onAbort);
      for (const socket of trying) {
        if (result instanceof Error || socket !== result.socket) socket.destroy();
      }
      resolve(result);
    };
    const onAbort = () => end(new Error("aborted"));
    const tryNext = () => {
      clearTimeout(headStart);
      const address = isOver ? undefined : untried.shift();
      if (address === undefined) {
        if (trying.size === 0) end(lastError);
        return;
      }
      const socket = connect({ host: address, port, noDelay: true });
      trying.add(socket);
      socket.once("connect", () => end({ socket, address }));
      socket.on("error", (error) => {
        lastError = error;
        trying.delete(socket);
        tryNext();
      });
      headStart = setTimeout(tryNext, headStartMs);
    };
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else tryNext();
  });
}

function secure(
  socket: Socket,
  { host, ca }: { host: string; ca: string | undefined },
  signal: AbortSignal,
): Promise<TLSSocket | Error> {
  return new Promise((resolve) => {
    const secured = connectTls({
      socket,
      host,
      servername: isIP(host) ? "" : host.replace(/\.$/, ""),
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: true,
      ca,
    });
    const onAbort = () => {
      secured.destroy();
      resolve(new Error("aborted"));
    };
    const settle = (result: TLSSocket | Error) => {
      signal.removeEventListener("abort", onAbort);
      resolve(result);
    };
    secured.once("secureConnect", () => settle(secured));
    secured.on("error", settle);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
}

function blocked(message: string): OpenedSocket {
  return { ok: false, failure: { errorClass: "blocked_address", message }, address: null };
}
