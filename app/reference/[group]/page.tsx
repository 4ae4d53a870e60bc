import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requirePage } from "@/app/_http/page-caller";
import { Card, CardContent } from "@/components/ui/card";
import { env } from "@/lib/env";
import { Shape } from "@/app/reference/fields";
import { EndpointView } from "@/app/reference/endpoint-view";
import { readGroups, type GroupPage } from "@/app/reference/read-groups";
import { ReferencePage } from "@/app/reference/reference-page";
import { AnchoredHeading } from "@/app/reference/text";

type PageProps = { params: Promise<{ group: string }> };

async function find({ params }: PageProps): Promise<GroupPage> {
  const { group } = await params;
  return readGroups().find(({ slug }) => slug === group) ?? notFound();
}

export async function generateMetadata(props: PageProps): Promise<Metadata> {
  const { name } = await find(props);
  return { title: `${name} · API reference` };
}

export const dynamic = "force-dynamic";

export default async function GroupReferencePage(props: PageProps) {
  const { slug, name, description, endpoints, shapes } = await find(props);
  const { isExposed } = await requirePage(`/reference/${slug}`);
  const here = { baseUrl: env().baseUrl, isExposed };
  return (
    <ReferencePage current={slug} title={name} intro={description}>
      {endpoints.map((endpoint) => (
        <EndpointView key={endpoint.id} endpoint={endpoint} here={here} />
      ))}
      {shapes.map((shape) => (
        <section
          key={shape.name}
          aria-labelledby={`shape-${shape.name}`}
          className="border-t border-line pt-8"
        >
          <AnchoredHeading id={`shape-${shape.name}`} level="h2">
            {shape.name}
          </AnchoredHeading>
          <p className="mt-1 mb-4 text-[13px] text-ink-muted">As it is shown.</p>
          <Card>
            <CardContent>
              <Shape schema={shape.schema} />
            </CardContent>
          </Card>
        </section>
      ))}
    </ReferencePage>
  );
}
