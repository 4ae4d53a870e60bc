import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";

/** What decides where webhooks may be sent. `own`: where this service itself is reached. */
export type TargetPolicy = {
  isExposed: boolean;
  /** CIDRs a receiver may have although they are not public. */
  allowNetworks: string[];
  own: { host: string; port: number; publicUrl?: string };
};

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Where clouds hand out credentials: refused whatever the policy says. */
const metadataAddresses = new Set([
  "169.254.169.254",
  "169.254.169.253",
  "169.254.170.2",
  "169.254.170.23",
  "169.254.0.23",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "fd00:ec2::254",
  "fd00:ec2::253",
  "fd00:ec2::23",
  "fd20:ce::254",
]);

const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * May a webhook be sent to this address, in whatever spelling? Public unicast, loopback while not
 * exposed, and what `allowNetworks` names; a text that is no address is refused.
 */
export function isAllowedAddress(address: string, policy: TargetPolicy): boolean {
  const parsed = parseAddress(address);
  if (!parsed || isMetadata(parsed)) return false;
  if (parsed.range() === "loopback" && !policy.isExposed) return true;
  return isPublic(parsed) || isIn(parsed, policy.allowNetworks);
}

/** Is this address inside one of `allowNetworks`? */
export function isListedAddress(address: string, policy: TargetPolicy): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && !isMetadata(parsed) && isIn(parsed, policy.allowNetworks);
}

/** Would a connection there reach this service? Any address of this machine does, at our port. */
export function isOwnAddress(address: string, port: number, policy: TargetPolicy): boolean {
  if (port !== policy.own.port) return false;
  const parsed = parseAddress(address);
  if (!parsed) return false;
  if (parsed.range() === "loopback" || parsed.range() === "unspecified") return true;
  const text = parsed.toString();
  if (parseAddress(policy.own.host)?.toString() === text) return true;
  return Object.values(networkInterfaces()).some((list) =>
    list?.some((own) => parseAddress(own.address)?.toString() === text),
  );
}

/** Two spellings of one address? */
export function isSameAddress(one: string, other: string): boolean {
  const parsed = parseAddress(one);
  return parsed !== undefined && parsed.toString() === parseAddress(other)?.toString();
}

function parseAddress(text: string): Address | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  if (bare.includes("%") || !ipaddr.isValid(bare)) return undefined;
  return ipaddr.process(bare);
}

function isMetadata(address: Address): boolean {
  return [address, ...embeddedAddresses(address)].some((one) =>
    metadataAddresses.has(one.toString()),
  );
}

function isPublic(address: Address): boolean {
  if (address.range() !== "unicast") return false;
  return address instanceof ipaddr.IPv4 || address.match(globalUnicast);
}

function isIn(address: Address, networks: string[]): boolean {
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === address.kind() && address.match(base, bits);
  });
}

/** The IPv4 addresses that translators (NAT64, SIIT, 6to4, Teredo, compatible) read out of an IPv6. */
function embeddedAddresses(address: Address): ipaddr.IPv4[] {
  if (address instanceof ipaddr.IPv4) return [];
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0] = address.parts;
  switch (address.range()) {
    case "6to4":
      return [ipv4Of(p1, p2)];
    case "teredo":
      return [ipv4Of(p6 ^ 0xffff, p7 ^ 0xffff)];
    case "rfc6145":
      return [ipv4Of(p6, p7)];
    case "rfc6052":
      return [ipv4Of(p6, p7), ipv4Of(p3, ((p4 & 0xff) << 8) | (p5 >> 8))];
    default:
      return (p0 | p1 | p2 | p3 | p4 | p5) === 0 ? [ipv4Of(p6, p7)] : [];
  }
}

function ipv4Of(high: number, low: number): ipaddr.IPv4 {
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff]);
}
