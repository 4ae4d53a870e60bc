import { clock } from "@/lib/clock";
import { newId } from "@/lib/id";

/** An event as the engine takes it. */
export type AcceptedEvent = {
  id: string;
  name: string;
  /** When it wants to be handled at the earliest, epoch ms; null is at once. */
  notBeforeMs: number | null;
  /** The JSON the function gets. */
  text: string;
};

type Intake = { events: AcceptedEvent[] } | { refusal: string };

const maxEvents = 5_000;
const maxEventBytes = 3 * 1_048_576;
const maxIdLength = 256;
const lastTsMs = Date.UTC(9999, 11, 31);

/** Reads POST /e/:key, one event or an array of them; a refusal names what is wrong. */
export async function readEvents(input: RequestInfo | URL, init?: RequestInit): Promise<Intake> {
  // The SDK gives a string; a Request around it would cost half a millisecond.
  const text = typeof init?.body === "string" ? init.body : await new Request(input, init).text();
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}));
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { refusal: "the body is not JSON" };
  }
  const given: unknown[] = Array.isArray(body) ? body : [body];
  if (given.length > maxEvents) return { refusal: `more than ${maxEvents} events at once` };
  const seed = readSeed(headers.get("x-inngest-event-id-seed"));
  const events: AcceptedEvent[] = [];
  for (const [index, event] of given.entries()) {
    const accepted = readEvent(event, { seed, index });
    if (typeof accepted === "string") return { refusal: `event ${index}: ${accepted}` };
    events.push(accepted);
  }
  return { events };
}

type Seed = { text: string; sentAtMs: number };

/** The SDK's "<its time in ms>,<random>": the same for each of its tries to send these events. */
function readSeed(header: string | null): Seed | null {
  const match = /^(\d{1,16}),[A-Za-z0-9+/=_-]{1,64}$/.exec(header ?? "");
  return match ? { text: match[0], sentAtMs: Number(match[1]) } : null;
}

function readEvent(
  given: unknown,
  { seed, index }: { seed: Seed | null; index: number },
): AcceptedEvent | string {
  if (!isRecord(given)) return "it is not an object";
  const { id = null, name, data = {}, ts = null } = given;
  if (typeof name !== "string" || name === "") return "name: it must be a string that is not empty";
  if (name.startsWith("inngest/")) return "name: inngest/ is reserved";
  if (!isRecord(data)) return "data: it must be an object";
  if (ts !== null && !isInstant(ts))
    return "ts: it must be a whole number of milliseconds since 1970";
  if (id !== null && !isEventId(id)) {
    return `id: it must be a string of at most ${maxIdLength} characters`;
  }
  if (id?.startsWith("cron:")) return "id: cron: is reserved";
  // Events without an id get one from the seed, so that the SDK's own second try adds no second run.
  const eventId = id || (seed ? `${seed.text}:${index}` : newId());
  // The SDK stamps its own clock on events sent without a ts: that means "now", whatever it shows.
  const isAtOnce = !ts || ts === seed?.sentAtMs;
  const nowMs = Math.floor(clock().nowMs());
  const text = JSON.stringify({ ...given, id: eventId, data, ts: isAtOnce ? nowMs : ts });
  if (Buffer.byteLength(text) > maxEventBytes) return `it is larger than ${maxEventBytes} bytes`;
  return { id: eventId, name, notBeforeMs: isAtOnce ? null : ts, text };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isInstant(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= lastTsMs;
}

function isEventId(value: unknown): value is string {
  return typeof value === "string" && value.length <= maxIdLength && !value.includes("\0");
}
