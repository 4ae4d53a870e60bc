import type { ReactNode } from "react";
import { requirePage } from "@/app/_http/page-caller";
import { PageFrame } from "@/app/page-frame";

export default async function ReferenceLayout({ children }: { children: ReactNode }) {
  return <PageFrame {...await requirePage("/reference")}>{children}</PageFrame>;
}
