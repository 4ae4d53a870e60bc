import Link from "next/link";
import { CodeBlock } from "@/components/ui/code-block";
import { operators, type Operator } from "@/lib/events/filter-values";
import { Section, Terms } from "./section";
import { Code, Text } from "./text";

const meanings: Record<Operator, string> = {
  eq: "It is this; of a list, one of its elements is.",
  ne: "It is not this, or is not there.",
  in: "It is one of these.",
  nin: "It is none of these, or is not there.",
  gt: "It is more than this number, or behind this text; so with times and days.",
  gte: "It is this or more.",
  lt: "It is less than this.",
  lte: "It is this or less.",
  exists: "`true`: it is there, be it null. `false`: it is not.",
  starts_with: "It is a text that begins so.",
};

const examples = [
  {
    label: "Became closed, and its priority is critical",
    filters: { "current.status": "closed", changes: "status", priority: "critical" },
  },
  {
    label: "High or critical, and not done by an AI",
    filters: { priority: ["high", "critical"], not: { "actor.type": "ai" } },
  },
  {
    label: "In one of two projects, or due this year",
    filters: {
      or: [
        { project_id: ["0190a5c0-0000-7000-8000-000000000001"] },
        { "current.due_date": { gte: "2026-01-01", lte: "2026-12-31" } },
      ],
    },
  },
];

export function FiltersSection() {
  return (
    <Section id="filters">
      <p>
        The <Code>filters</Code> of a webhook are an object whose keys must all hold;{" "}
        <Code>{"{}"}</Code> is no filter. What is wrong with them is refused with a pointer, and{" "}
        <Link
          href="/reference/webhooks#dryRunWebhook"
          className="text-accent-text underline underline-offset-2"
        >
          a dry run
        </Link>{" "}
        shows which events of the last 30 days they would have let through.
      </p>
      <Terms>
        {[
          [
            "a short name",
            <Text key="short">
              {
                "`project_id`, `milestone_id`, `initiative_id`, `issue_id`, `priority`, `status`, or `actor`: `ai:claude`, or the name alone."
              }
            </Text>,
          ],
          [
            "a path",
            <Text key="path">
              {
                "From the top of an event, as `entity_type` or `actor.name`, or from `current`, `previous` or `changes`, as `current.assignee`. Of a list that stands there, any element counts."
              }
            </Text>,
          ],
          [
            "and, or, not",
            <Text key="groups">
              {"`and` and `or` take a list of filters, `not` takes one filter."}
            </Text>,
          ],
        ]}
      </Terms>
      <p>
        What stands at a key is a value (it is this), a list of values (it is one of these), or an
        object of operators, all of which must hold:
      </p>
      <Terms>
        {operators.map((operator) => [operator, <Text key={operator}>{meanings[operator]}</Text>])}
      </Terms>
      {examples.map(({ label, filters }) => (
        <CodeBlock key={label} label={label} text={JSON.stringify(filters, null, 2)} />
      ))}
      <p className="text-[13px]">
        At most 100 conditions, 10 deep, lists of 100, and 16 KiB of JSON in all.
      </p>
    </Section>
  );
}
