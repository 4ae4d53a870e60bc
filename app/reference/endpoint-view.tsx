import Link from "next/link";
import type { ReactNode } from "react";
import { Badge, type Tone } from "@/components/ui/badge";
import { CodeBlock } from "@/components/ui/code-block";
import { ownParameters } from "@/lib/api/document";
import { headersOf, parametersOf, parameters, problemsOf } from "@/lib/api/conventions";
import type { Answer, Endpoint, Method } from "@/lib/api/endpoint";
import { schemaOf, type JsonSchema } from "@/lib/api/schema";
import { curlOf } from "./curl";
import { Fields, Shape } from "./fields";
import { placeOfShape } from "./read-groups";
import { AnchoredHeading, Code, Text } from "./text";

const tones: Record<Method, Tone> = { GET: "accent", POST: "ok", PATCH: "warn", DELETE: "bad" };

type Here = { baseUrl: string; isExposed: boolean };

/** One endpoint, whole. */
export function EndpointView({ endpoint, here }: { endpoint: Endpoint; here: Here }) {
  const { id, method, path, summary, description, body } = endpoint;
  const fromPath = fieldsOf(endpoint, "path");
  const fromQuery = fieldsOf(endpoint, "query");
  return (
    <section aria-labelledby={id} className="border-t border-line pt-8">
      <AnchoredHeading id={id} level="h2">
        {summary}
      </AnchoredHeading>
      <p className="mt-2 flex flex-wrap items-center gap-2">
        <Badge tone={tones[method]} className="font-mono">
          {method}
        </Badge>
        <code className="font-mono text-[13px] wrap-anywhere">{path}</code>
      </p>
      {description && (
        <p className="mt-3 text-ink-muted">
          <Text>{description}</Text>
        </p>
      )}
      <div className="mt-5 space-y-6">
        {fromPath && (
          <Part title="In the path">
            <Fields schema={fromPath} />
          </Part>
        )}
        {fromQuery && (
          <Part title="Parameters">
            <Fields schema={fromQuery} isRequest />
          </Part>
        )}
        {body && (
          <Part title={body.isOptional ? "Body, if any" : "Body"}>
            <Shape schema={schemaOf(body.of.schema, "input")} isRequest />
          </Part>
        )}
        <Part title="Answers">
          <Answers endpoint={endpoint} />
        </Part>
        <CodeBlock label={`Example: ${summary}`} text={curlOf(endpoint, here)} />
      </div>
    </section>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <h3 className="mb-2 text-xs font-semibold tracking-wide text-ink-faint uppercase">{title}</h3>
      {children}
    </div>
  );
}

/** The parameters of a place as if they were fields. */
function fieldsOf(endpoint: Endpoint, place: "path" | "query"): JsonSchema | null {
  const own = ownParameters(endpoint).filter((parameter) => parameter.in === place);
  if (own.length === 0) return null;
  const fields = own.map(({ name, description, schema }) => [name, { ...schema, description }]);
  return { properties: Object.fromEntries(fields) };
}

function Answers({ endpoint }: { endpoint: Endpoint }) {
  const { answers, refusals = {} } = endpoint;
  const statuses = problemsOf(endpoint).filter(
    (status) => !answers.some((answer) => answer.status === status),
  );
  const asked = parametersOf(endpoint).map((name) => parameters[name].name);
  return (
    <ul className="space-y-2 text-[13px]">
      {answers.map((answer) => (
        <li key={answer.status} className="flex gap-3">
          <Status tone="ok">{answer.status}</Status>
          <span className="min-w-0">
            {answer.description} <Shown answer={answer} />
            <Bearing names={headersOf(endpoint, answer)} />
          </span>
        </li>
      ))}
      {Object.entries(refusals).map(([status, why]) => (
        <li key={status} className="flex gap-3">
          <Status tone="bad">{status}</Status>
          <span className="min-w-0">{why}</span>
        </li>
      ))}
      <li className="text-ink-muted">
        Refusals:{" "}
        <Link href="/reference#errors" className="underline underline-offset-2 hover:text-ink">
          {statuses.join(", ")}
        </Link>
        . Headers it takes: {asked.join(", ")}.
      </li>
    </ul>
  );
}

function Status({ tone, children }: { tone: "ok" | "bad"; children: ReactNode }) {
  const color = tone === "ok" ? "text-ok" : "text-bad";
  return <span className={`w-8 shrink-0 font-mono font-medium ${color}`}>{children}</span>;
}

function Shown({ answer: { kind, of } }: { answer: Answer }) {
  if (!of) return null;
  return (
    <Link
      href={placeOfShape(of.name)}
      className="font-mono text-accent-text underline-offset-2 hover:underline"
    >
      {kind === "list" ? `[${of.name}]` : of.name}
    </Link>
  );
}

function Bearing({ names }: { names: string[] }) {
  if (names.length === 0) return null;
  return (
    <span className="block text-ink-muted">
      With{" "}
      {names.map((name, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <Code>{name}</Code>
        </span>
      ))}
    </span>
  );
}
