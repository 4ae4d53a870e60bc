import type { ErrorCode, FieldError } from "@/lib/errors";
import type { ActionResult } from "@/app/_http/server-action";

type RefusalCode = ErrorCode | "unreachable";

/** What the server refused, or that it could not be asked: the one error the page's hooks throw. */
export class Refused extends Error {
  readonly code: RefusalCode;
  readonly fields: FieldError[];

  constructor({
    code,
    message,
    fields,
  }: {
    code: RefusalCode;
    message: string;
    fields: FieldError[];
  }) {
    super(message);
    this.name = "Refused";
    this.code = code;
    this.fields = fields;
  }
}

declare module "@tanstack/react-query" {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- only an interface can be merged
  interface Register {
    defaultError: Refused;
  }
}

function unreachable(): Refused {
  const message = "The server cannot be reached.";
  return new Refused({ code: "unreachable", message, fields: [] });
}

/** The data of a server action's answer; throws `Refused`. */
export async function unwrap<T>(answer: Promise<ActionResult<T>>): Promise<T> {
  const result = await answer.catch(() => {
    throw unreachable();
  });
  if (!result.ok) throw new Refused(result.error);
  return result.data;
}

export type Answer<T> = { data: T; nextCursor: string | null };

/** Asks the REST API of this origin, below `/api/v1`; throws `Refused`. */
export async function callApi<T>(path: string, init?: RequestInit): Promise<Answer<T>> {
  const response = await fetch(`/api/v1${path}`, { ...init, cache: "no-store" }).catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw await readProblem(response);
  // The same release serves page and API, so the shape is the one its types say.
  const data = (await response.json()) as T;
  return { data, nextCursor: readNextCursor(response.headers.get("link")) };
}

export function post(body: unknown): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}

async function readProblem(response: Response): Promise<Refused> {
  // What a proxy puts in the way may be no problem document: every field is looked for.
  const problem = (await response.json().catch(() => ({}))) as {
    code?: ErrorCode;
    detail?: string;
    errors?: FieldError[];
  };
  return new Refused({
    code: problem.code ?? "internal_error",
    message: problem.detail ?? `The server answered ${response.status}.`,
    fields: problem.errors ?? [],
  });
}

function readNextCursor(link: string | null): string | null {
  const [, target] = /<([^>]+)>;\s*rel="next"/.exec(link ?? "") ?? [];
  return target ? new URL(target, location.origin).searchParams.get("cursor") : null;
}
