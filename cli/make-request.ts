import type { ApiRequest } from "./api-client";
import { argumentOf } from "./command";
import type { Run } from "./parse-command";

/** The call that a command is: what its flags give fills the path, the query and the body. */
export function makeRequest({ command, argument = "", fields, settings }: Run): ApiRequest {
  const { method, scopedBy, flags } = command;
  const scope = flags.find(({ name, field }) => name === scopedBy?.flag && field in fields);
  const rest = { ...fields };
  const path = (scope && scopedBy ? scopedBy.path : command.path).replaceAll(
    /\{(\w+)\}/g,
    (_, field: string) => {
      const isArgument = !scope && field === argumentOf(command);
      const filling = isArgument ? argument : String(fields[field]);
      if (!isArgument) delete rest[field];
      return encodeURIComponent(filling);
    },
  );
  const isAsked = (field: string) => command.query.includes(field);
  const asked = Object.entries(rest).filter(([field]) => isAsked(field));
  const sent = Object.entries(rest).filter(([field]) => !isAsked(field));
  const query = Object.fromEntries(asked.map(([field, value]) => [field, String(value)]));
  return { method, path, query, body: nest(sent), idempotencyKey: settings.idempotencyKey };
}

/** "data.current" goes into `data`; "" is all of it; nothing is no body. */
function nest(fields: readonly (readonly [string, unknown])[]): unknown {
  const body: Record<string, unknown> = {};
  for (const [field, value] of fields) {
    if (field === "") return value;
    const [name = "", inner] = field.split(".");
    body[name] = inner ? { ...(body[name] as object | undefined), [inner]: value } : value;
  }
  return Object.keys(body).length > 0 ? body : undefined;
}
