import { newId } from "@/lib/id";
import type { EngineFunction } from "./functions";
import { type AcceptedEvent, readEvents } from "./intake";
import type { NewRun } from "./store";

type DoorOptions = {
  functions: Map<string, EngineFunction>;
  /** Fills `functions`, if that was not done yet. */
  learn: () => Promise<void>;
  /** Resolves when the runs are committed. */
  admit: (runs: NewRun[]) => Promise<void>;
};

/** What the SDK takes for its server: POST /e/:key and POST /fn/register; all else is 404. */
export function makeFetch({ functions, learn, admit }: DoorOptions) {
  return async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const door = doorOf(input, init);
    if (door === "register") return Response.json({ ok: true, modified: false });
    if (door === "none") return Response.json({ error: "not found", status: 404 }, { status: 404 });
    const intake = await readEvents(input, init);
    if ("refusal" in intake) return refuse(400, intake.refusal);
    await learn();
    try {
      await admit(intake.events.flatMap((event) => toRuns(event, functions)));
    } catch {
      return refuse(503, "the events could not be stored");
    }
    return Response.json({ ids: intake.events.map(({ id }) => id), status: 200 });
  };
}

function doorOf(input: RequestInfo | URL, init?: RequestInit): "events" | "register" | "none" {
  const { url, method } = input instanceof Request ? input : { url: input, method: "GET" };
  const { pathname } = new URL(url);
  if ((init?.method ?? method) !== "POST") return "none";
  if (pathname.endsWith("/fn/register")) return "register";
  return /\/e\/[^/]+$/.test(pathname) ? "events" : "none";
}

function refuse(status: 400 | 503, error: string): Response {
  return Response.json({ ids: [], error, status }, { status });
}

function toRuns(event: AcceptedEvent, functions: Map<string, EngineFunction>): NewRun[] {
  return [...functions.values()]
    .filter(({ events }) => events.includes(event.name))
    .map((fn) => ({
      id: newId(),
      functionId: fn.id,
      eventId: event.id,
      event: event.text,
      notBeforeMs: event.notBeforeMs,
    }));
}
