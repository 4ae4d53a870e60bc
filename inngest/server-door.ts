import { isDeepStrictEqual } from "node:util";
import { headerKeys, InngestCommHandler, internalEvents, queryKeys } from "inngest";
import { z } from "zod";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import { inngestClient } from "./client";
import { functionsOf } from "./functions";

/** A request for `/api/inngest`, read. `body` is its JSON; undefined: there is none. */
export type ServerCall = { method: string; url: URL; headers: Headers; body: unknown };

const path = "/api/inngest";
const oldestSignatureMs = 5 * 60_000;
/** What the SDK calls the one step of a function that has none. */
const onlyStep = "step";

const onlyEvent = "must hold the event, and no other";
const named = z.looseObject({ name: z.string() });
/** As much of a run as the SDK relies on; functions without steps have no memory of any. */
const runCall = z
  .looseObject({
    version: z.literal([-1, 1, 2]).optional(),
    event: named,
    events: z.array(named).length(1, onlyEvent),
    steps: z.strictObject({}).optional(),
    defers: z.strictObject({}).optional(),
    ctx: z.looseObject({
      run_id: z.string().min(1),
      fn_id: z.string().optional(),
      qi_id: z.string().optional(),
      attempt: z.int().min(0).optional(),
      max_attempts: z.int().min(0).optional(),
      disable_immediate_execution: z.boolean().optional(),
      use_api: z.literal(false).optional(),
      stack: z.object({ stack: z.array(z.string()).nullable(), current: z.number() }).nullish(),
    }),
  })
  // The SDK validates what is in `events`, and the function is given `event`.
  .refine(({ event, events }) => isDeepStrictEqual(event, events[0]), {
    path: ["events"],
    error: onlyEvent,
  });
const syncCall = z.looseObject({ url: z.url() });

/** The functions as an Inngest server finds them; knows the server by the signing key. */
class ServerDoor extends InngestCommHandler<[ServerCall], Response> {
  readonly serve = this.createHandler();
  /** The names of the events that each function, by its id, may be run for. */
  readonly #eventsOf = new Map(
    this.configs(new URL(env().baseUrl)).map(({ id, triggers }) => [
      id,
      triggers.map((one) => ("event" in one ? one.event : internalEvents.ScheduledTimer)),
    ]),
  );

  constructor({ enableUnauthedSync }: { enableUnauthedSync: boolean }) {
    const client = inngestClient();
    super({
      client,
      functions: functionsOf(client),
      frameworkName: "nextjs",
      serveOrigin: env().baseUrl,
      servePath: path,
      enableUnauthedSync,
      handler: (call) => ({
        method: () => call.method,
        url: () => call.url,
        headers: (name) => call.headers.get(name),
        body: () => call.body,
        transformResponse: ({ status, headers, body }) => new Response(body, { status, headers }),
        transformStreamingResponse: ({ status, headers, body }) =>
          new Response(body, { status, headers }),
      }),
    });
  }

  /** Throws what refuses the call. */
  async answer(call: ServerCall): Promise<Response> {
    const signature = call.headers.get(headerKeys.Signature) ?? undefined;
    const signed = call.body === undefined ? "" : call.body;
    const verdict = await this.validateSignature(signature, signed);
    if (!verdict.success) throw notSigned();
    const isProbe = call.url.searchParams.get(queryKeys.Probe) === "trust";
    if (call.method === "POST" && !isProbe) this.#checkRun(call);
    if (call.method === "PUT") check(syncCall, call.body);
    const response = await this.serve(call);
    return response.ok ? response : this.#withoutStack(response, verdict.keyUsed);
  }

  /** Says what went wrong; where in our code it did is for our log alone. */
  async #withoutStack(response: Response, key: string): Promise<Response> {
    const { status } = response;
    const headers = new Headers(response.headers);
    const text = await response.text();
    const isOurs = status >= 500 && !headers.has(headerKeys.RetryAfter);
    if (isOurs) log.error("a run failed", { reason: text.slice(0, 4_000) });
    const emptied = (name: string, value: unknown) => (name === "stack" ? "" : value);
    const body = JSON.stringify(JSON.parse(text), emptied);
    if (key) headers.set(headerKeys.Signature, await this.getResponseSignature(key, body));
    return new Response(body, { status, headers });
  }

  /** The signature speaks for the body alone: that it came with this function must be seen from it. */
  #checkRun({ url, body }: ServerCall): void {
    const functionId = url.searchParams.get(queryKeys.FnId) ?? "";
    const events = this.#eventsOf.get(functionId);
    if (!events) throw refusal("fnId", `must be one of ${[...this.#eventsOf.keys()].join(", ")}`);
    if (url.searchParams.get(queryKeys.StepId) !== onlyStep)
      throw refusal("stepId", `must be ${onlyStep}: no function here has others`);
    const { event } = check(runCall, body);
    if (!events.includes(event.name))
      throw refusal("/event/name", `must be ${events.join(" or ")} for ${functionId}`);
  }
}

function check<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refusal(`/${issue?.path.join("/") ?? ""}`, issue?.message ?? "is not valid");
}

function refusal(pointer: string, message: string): AppError {
  return new AppError("bad_request", `${pointer}: ${message}`, {
    fields: [{ pointer, code: "invalid", message }],
  });
}

function notSigned(): AppError {
  const detail = `Calls must bear an ${headerKeys.Signature} of the last 5 minutes by INNGEST_SIGNING_KEY.`;
  return new AppError("unauthorized", detail);
}

/**
 * Refuses a call whose signature is absent, malformed or too old, before its body is read. With a
 * development server calls bear none.
 */
export function checkSignatureHeader(headers: Headers): void {
  if (env().inngest.isDev) return;
  const signature = new URLSearchParams(headers.get(headerKeys.Signature) ?? "");
  const signedAtMs = Number(signature.get("t") ?? Number.NaN) * 1_000;
  const isFresh = Math.abs(Date.now() - signedAtMs) <= oldestSignatureMs;
  if (!isFresh || !/^[0-9a-f]{64}$/.test(signature.get("s") ?? "")) throw notSigned();
}

let door: ServerDoor | undefined;

/**
 * Answers an Inngest server: runs a function, or tells what functions there are. Throws what
 * refuses the call; whatever it was signed for, a refused call has had no effect.
 */
export function answerServer(call: ServerCall): Promise<Response> {
  door ??= new ServerDoor({ enableUnauthedSync: false });
  return door.answer(call);
}

/** Tells the Inngest server our functions and where they are. Rejects with its reason. */
export async function registerFunctions(): Promise<void> {
  const { serve } = new ServerDoor({ enableUnauthedSync: true });
  const url = new URL(path, env().baseUrl);
  const response = await serve({ method: "PUT", url, headers: new Headers(), body: undefined });
  if (response.ok) return;
  const { message = "" }: { message?: string } = await response.json();
  throw /status code: 40[13]\b/.test(message)
    ? new Error("INNGEST_SIGNING_KEY: not the signing key of this Inngest server")
    : new Error(message);
}
