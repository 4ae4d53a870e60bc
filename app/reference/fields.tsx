import type { JsonSchema } from "@/lib/api/schema";
import { Text } from "./text";
import { typeWords } from "./type-words";

/** The fields of an object, and of what is in them; `isRequest`: which of them must be sent. */
export function Fields({ schema, isRequest }: { schema: JsonSchema; isRequest?: boolean }) {
  const { properties = {}, required = [] } = schema;
  return (
    <dl className="divide-y divide-line">
      {Object.entries(properties).map(([name, field]) => (
        <div key={name} className="py-2.5 first:pt-0 last:pb-0">
          <dt className="flex flex-wrap items-baseline gap-x-2 gap-y-0.5">
            <code className="font-mono text-[13px] font-medium wrap-anywhere">{name}</code>
            <span className="text-xs text-ink-muted">{typeWords(field)}</span>
            {isRequest && required.includes(name) && (
              <span className="text-xs font-medium text-warn">required</span>
            )}
            {isRequest && field.default !== undefined && (
              <span className="text-xs text-ink-faint">
                else <code className="font-mono">{JSON.stringify(field.default)}</code>
              </span>
            )}
          </dt>
          <dd className="text-[13px] text-ink-muted">
            {field.description && <Text>{field.description}</Text>}
            <Within schema={field} isRequest={isRequest ?? false} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Within({ schema, isRequest }: { schema: JsonSchema; isRequest: boolean }) {
  const inner = [schema, ...(schema.anyOf ?? []), schema.items ?? {}].find(
    ({ properties }) => properties,
  );
  if (!inner) return null;
  return (
    <div className="mt-2.5 border-l-2 border-line pl-4 text-ink">
      <Fields schema={inner} isRequest={isRequest} />
    </div>
  );
}

/** What a shape may be, if it is not one object alone: each of them. */
export function Shape({ schema, isRequest }: { schema: JsonSchema; isRequest?: boolean }) {
  const parts = (schema.anyOf ?? [schema]).map((part) => part.items ?? part);
  const first = parts.find(({ properties }) => properties);
  const isOneOrMany = schema.anyOf?.some(({ items }) => items?.properties) ?? false;
  const shown = isOneOrMany && first ? [first] : parts;
  return (
    <div className="space-y-4">
      {isOneOrMany && <p className="text-[13px] text-ink-muted">One, or a list of such.</p>}
      {shown.map((part, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the parts of a shape have no name
        <div key={index} className={index > 0 ? "border-t border-line pt-4" : ""}>
          {index > 0 && <p className="mb-3 text-[13px] text-ink-muted">Or:</p>}
          {part.properties ? (
            <Fields schema={part} {...(isRequest && { isRequest })} />
          ) : (
            <p className="text-[13px] text-ink-muted">{typeWords(part)}</p>
          )}
        </div>
      ))}
    </div>
  );
}
