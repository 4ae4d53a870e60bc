import { CodeBlock } from "@/components/ui/code-block";
import { deliveryHeaders } from "@/lib/api/conventions";
import { examples } from "@/lib/api/examples";
import { Section, Terms } from "./section";
import { Code, Text } from "./text";

export function ReceivingSection() {
  return (
    <Section id="receiving">
      <p>
        An event is POSTed to its webhook&apos;s URL at least once, the same bytes on every attempt.
        Any 2xx says that it has arrived. 410 says that nothing is wanted any more; whatever else is
        answered, it is sent again, later each time, and <Code>Retry-After</Code> can make that
        later still. Redirects are not followed.
      </p>
      <Terms>
        {deliveryHeaders.map(({ name, description }) => [
          name,
          <Text key={name}>{description}</Text>,
        ])}
      </Terms>
      <CodeBlock label="A body" text={JSON.stringify(examples.event, null, 2)} />
      <p>
        Check the signature against the bytes as they came, before they are parsed. Events of one
        entity may come out of order: drop what has a lower <Code>entity_version</Code> than you
        know.
      </p>
    </Section>
  );
}
