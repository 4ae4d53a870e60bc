import type { ApiRequest } from "./api-client";
import type { Run } from "./parse-command";

/** The call that a command is: what its flags give fills the path, then the query or the body. */
export function makeRequest({ command, argument = "", fields, settings }: Run): ApiRequest {
  const { method, scopedBy } = command;
  const isScoped = scopedBy && scopedBy.flag.replaceAll("-", "_") in fields;
  const rest = { ...fields };
  const path = (isScoped ? scopedBy.path : command.path).replaceAll(
    /\{(\w+)\}/g,
    (_, field: string) => {
      const filling = field in fields ? String(fields[field]) : argument;
      delete rest[field];
      return encodeURIComponent(filling);
    },
  );
  if (method === "GET") {
    const query = Object.entries(rest).map(([field, value]) => [field, String(value)]);
    return { method, path, query: Object.fromEntries(query) };
  }
  return { method, path, body: nest(rest), idempotencyKey: settings.idempotencyKey };
}

/** "data.current" goes into `data`; "" is all of it; nothing is no body. */
function nest(fields: Record<string, unknown>): unknown {
  if ("" in fields) return fields[""];
  const body: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fields)) {
    const [name = "", inner] = field.split(".");
    body[name] = inner ? { ...(body[name] as object | undefined), [inner]: value } : value;
  }
  return Object.keys(body).length > 0 ? body : undefined;
}
