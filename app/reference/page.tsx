import type { Metadata } from "next";
import { requirePage } from "@/app/_http/page-caller";
import { env } from "@/lib/env";
import { FiltersSection } from "./filters-section";
import {
  CallingSection,
  CausationSection,
  ErrorsSection,
  EtagsSection,
  IdempotencySection,
  ListsSection,
  QuotaSection,
} from "./conventions-sections";
import { ReceivingSection } from "./receiving-section";
import { ReferencePage } from "./reference-page";

export const metadata: Metadata = { title: "API reference" };
export const dynamic = "force-dynamic";

export default async function MannersPage() {
  const { isExposed } = await requirePage("/reference");
  const { baseUrl } = env();
  return (
    <ReferencePage
      current={null}
      title="API reference"
      intro={
        <>
          How to use the API, whatever you do with it. The same, for machines:{" "}
          {/* oxlint-disable-next-line nextjs/no-html-link-for-pages -- a file, not a page */}
          <a href="/api/v1/openapi.json" className="text-accent-text underline underline-offset-2">
            openapi.json
          </a>
          .
        </>
      }
    >
      <CallingSection here={{ baseUrl, isExposed }} />
      <ErrorsSection />
      <ListsSection />
      <IdempotencySection />
      <EtagsSection />
      <QuotaSection />
      <CausationSection />
      <FiltersSection />
      <ReceivingSection />
    </ReferencePage>
  );
}
