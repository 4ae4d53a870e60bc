import type { ReactNode } from "react";
import { TokenField } from "@/components/ui/token-field";
import type { TokenOption } from "@/components/ui/use-token-field";
import { Toggle } from "@/components/ui/toggle";
import { entityOf } from "./event-groups";
import { choose, chosenOf, type Filters, type QuickKey } from "./filter-value";

/** For each entity the values its events can show; an entity without some has none. */
export type FilterChoices = Record<string, { priority: string[]; status: string[] }>;

export type QuickFiltersProps = {
  /** The events to choose from: they say which values there can be. */
  eventTypes: readonly string[];
  filters: Filters;
  onChange: (filters: Filters) => void;
  choices: FilterChoices;
  projects: readonly TokenOption[];
  /** What to know of the list of projects. */
  projectHint: string;
};

/** The conditions most people want, each a field of its own. */
export function QuickFilters(props: QuickFiltersProps) {
  const { filters, onChange } = props;
  const field = (key: QuickKey) => ({
    chosen: chosenOf(filters, key),
    onChange: (values: string[]) => onChange(choose(filters, key, values)),
  });
  return (
    <div className="grid gap-5 sm:grid-cols-2">
      <ProjectField {...props} {...field("project_id")} />
      <ActorField {...field("actor")} />
      <BadgeField label="Priority" options={optionsOf(props, "priority")} {...field("priority")} />
      <BadgeField label="Status" options={optionsOf(props, "status")} {...field("status")} />
    </div>
  );
}

type FieldProps = { chosen: string[] | null; onChange: (values: string[]) => void };

function ProjectField({
  chosen,
  onChange,
  projects,
  projectHint,
}: FieldProps & Pick<QuickFiltersProps, "projects" | "projectHint">) {
  if (!chosen) return <SaidAsJson label="Project" />;
  return (
    <TokenField
      label="Project"
      values={chosen}
      onChange={onChange}
      labelOf={(id) => projects.find(({ value }) => value === id)?.label ?? id}
      options={projects}
      accept={(text) => findProject(projects, text)}
      refusal="No project is called so. Choose one of the list, or give a project's id."
      placeholder="Any project"
      hint={projectHint}
    />
  );
}

function ActorField({ chosen, onChange }: FieldProps) {
  if (!chosen) return <SaidAsJson label="Actor" />;
  return (
    <TokenField
      label="Actor"
      values={chosen}
      onChange={onChange}
      labelOf={(actor) => actor}
      accept={(text) => text}
      placeholder="Anybody"
      hint="By name, or as events say it: ada, ai:claude. Enter adds one."
    />
  );
}

function BadgeField({
  label,
  options,
  chosen,
  onChange,
}: FieldProps & { label: string; options: readonly string[] }) {
  if (!chosen) return <SaidAsJson label={label} />;
  const shown = [...new Set([...options, ...chosen])];
  return (
    <Group label={label}>
      {shown.length === 0 && (
        <p className="text-[13px] leading-5 text-ink-faint">None of the chosen events shows one.</p>
      )}
      <div className="flex flex-wrap gap-1.5">
        {shown.map((value) => {
          const isPressed = chosen.includes(value);
          const next = isPressed ? chosen.filter((one) => one !== value) : [...chosen, value];
          return (
            <Toggle key={value} isMono isPressed={isPressed} onPress={() => onChange(next)}>
              {value}
            </Toggle>
          );
        })}
      </div>
    </Group>
  );
}

function SaidAsJson({ label }: { label: string }) {
  return (
    <Group label={label}>
      <p className="flex min-h-10 items-center text-[13px] text-ink-muted">
        Set in the JSON below.
      </p>
    </Group>
  );
}

function Group({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div role="group" aria-label={label}>
      <p aria-hidden className="mb-1.5 text-[13px] font-medium">
        {label}
      </p>
      {children}
    </div>
  );
}

/** The values that events of the chosen types can show; of all types while none is chosen. */
function optionsOf(
  { choices, eventTypes }: Pick<QuickFiltersProps, "choices" | "eventTypes">,
  field: "priority" | "status",
): string[] {
  const isAny = eventTypes.length === 0 || eventTypes.includes("*");
  const entities = isAny ? Object.keys(choices) : eventTypes.map(entityOf);
  return [...new Set(entities.flatMap((entity) => choices[entity]?.[field] ?? []))];
}

const id = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function findProject(projects: readonly TokenOption[], text: string): string | null {
  const sought = text.toLowerCase();
  const named = projects.filter(({ label }) => label.toLowerCase() === sought);
  if (id.test(sought)) return sought;
  return named.length === 1 ? (named[0]?.value ?? null) : null;
}
