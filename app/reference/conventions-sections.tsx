import { CodeBlock } from "@/components/ui/code-block";
import { problems } from "@/lib/api/conventions";
import { Section, Terms } from "./section";
import { Code, Text } from "./text";

export function CallingSection({
  here: { baseUrl, isExposed },
}: {
  here: { baseUrl: string; isExposed: boolean };
}) {
  return (
    <Section id="calling">
      <p>
        Everything lies under <Code>{baseUrl}/api/v1</Code>, with or without a slash at its end.
        What is sent and answered is JSON in snake_case; ids are UUIDs, times are UTC to the
        millisecond, as <Code>2026-11-23T08:00:00.000Z</Code>.
      </p>
      <p>
        {isExposed ? (
          <>
            Every request bears the API key: <Code>Authorization: Bearer $TURBO_API_KEY</Code>.
          </>
        ) : (
          <>
            This installation runs local: only this computer can reach it, so it asks for no key.
            Otherwise every request bears <Code>Authorization: Bearer $TURBO_API_KEY</Code>.
          </>
        )}
      </p>
      <p>
        Every answer bears <Code>X-Request-Id</Code>: yours, if you sent one, else one that is made.
        It stands in the log, too. <Code>HEAD</Code> answers as <Code>GET</Code> does, without a
        body; <Code>OPTIONS</Code> tells in <Code>Allow</Code> what is possible.
      </p>
    </Section>
  );
}

const problemExample = {
  type: "about:blank",
  title: "Validation failed",
  status: 422,
  detail: "/title: is required",
  code: "validation_failed",
  request_id: "0190a5c0-0000-7000-8000-000000000201",
  errors: [
    { pointer: "/title", code: "required", message: "is required" },
    {
      pointer: "/colour",
      code: "unknown_field",
      message: "is not a field of this resource",
    },
  ],
};

export function ErrorsSection() {
  return (
    <Section id="errors">
      <p>
        A refusal is <Code>application/problem+json</Code> (RFC 9457). Its <Code>code</Code> stays
        the same, its <Code>detail</Code> is for people. For wrong input <Code>errors</Code> tells
        of each field where it is, as a JSON pointer or the name of a header, and what would be
        right.
      </p>
      <CodeBlock label="A refusal" text={JSON.stringify(problemExample, null, 2)} />
      <Terms>
        {Object.entries(problems).map(([status, meaning]) => [
          status,
          <Text key={status}>{meaning}</Text>,
        ])}
      </Terms>
    </Section>
  );
}

export function ListsSection() {
  return (
    <Section id="lists">
      <p>
        A list is a bare array, newest first. <Code>limit</Code> says how many rows a page has: 1 to
        100, 50 unless it is given. If there are more, <Code>Link</Code> holds the address of the
        next page; follow it as it is, and rows that are added meanwhile are neither repeated nor
        missed.
      </p>
      <CodeBlock
        label="The next page"
        text={'Link: </api/v1/issues?limit=2&cursor=MDE5MGE1YzA>; rel="next"'}
      />
      <p>
        Filters are exact, and must all hold. A parameter that a list does not know is refused, so a
        misspelt filter never shows everything.
      </p>
    </Section>
  );
}

export function IdempotencySection() {
  return (
    <Section id="idempotency">
      <p>
        Send an <Code>Idempotency-Key</Code> with any <Code>POST</Code>, 1 to 255 characters that
        nobody else thinks of, and it is safe to send it again when its answer was lost: for 24
        hours the same request with the same key is answered the same, to the byte, with{" "}
        <Code>Idempotent-Replayed: true</Code>, and is done once.
      </p>
      <Terms>
        {[
          ["409", "It is still being answered: ask again after Retry-After."],
          ["422", "The key was used for another path or body."],
          ["another 4xx", "A refusal is not kept: mend the request and send it with the same key."],
        ]}
      </Terms>
    </Section>
  );
}

export function EtagsSection() {
  return (
    <Section id="etags">
      <p>
        One resource is answered with an <Code>ETag</Code>. Send it in <Code>If-None-Match</Code>{" "}
        and what has not changed is answered with 304 and nothing else. Send it in{" "}
        <Code>If-Match</Code> with a <Code>PATCH</Code> or <Code>DELETE</Code>, and it is done only
        if nobody has changed it since: else the answer is 412, and nothing is done.
      </p>
    </Section>
  );
}

export function QuotaSection() {
  return (
    <Section id="quota">
      <p>
        Each caller has 120,000 requests a minute in each process. <Code>RateLimit-Policy</Code>{" "}
        tells the quota, <Code>RateLimit</Code> what is left of it (<Code>r</Code>) and in how many
        seconds it begins anew (<Code>t</Code>). Beyond it the answer is 429 with{" "}
        <Code>Retry-After</Code>.
      </p>
    </Section>
  );
}

export function CausationSection() {
  return (
    <Section id="causation">
      <p>
        <Code>X-Turbo-Actor: ai:&lt;name&gt;</Code> or <Code>user:&lt;name&gt;</Code> says on whose
        behalf you act; events show it as their <Code>actor</Code>.
      </p>
      <p>
        If an event made you do it, pass on its id: <Code>X-Turbo-Causation</Code> with the value of{" "}
        <Code>X-Turbo-Event-ID</Code>. The events of your change then name it as their cause. A
        chain of more than 8 events that caused each other is stopped with 409{" "}
        <Code>loop_detected</Code> and told of by <Code>system.loop_detected</Code>: so two systems
        that answer each other cannot go on for ever. A webhook can also leave out what its own
        maker did: <Code>skip_own</Code>.
      </p>
    </Section>
  );
}
