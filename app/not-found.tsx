import Link from "next/link";
import { buttonClasses } from "@/components/ui/button-classes";
import { MessagePage } from "@/components/ui/message-page";

export default function NotFound() {
  return (
    <MessagePage
      title="There is nothing here"
      action={
        <Link href="/settings/webhooks" className={buttonClasses("primary")}>
          All webhooks
        </Link>
      }
    >
      <p>The address is wrong, or what it named is deleted.</p>
    </MessagePage>
  );
}
