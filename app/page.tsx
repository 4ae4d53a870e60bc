import { redirect } from "next/navigation";
import { requirePage } from "@/app/_http/page-caller";

export const dynamic = "force-dynamic";

export default async function Home() {
  await requirePage();
  redirect("/settings/webhooks");
}
