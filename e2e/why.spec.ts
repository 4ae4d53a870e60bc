import type { Page } from "@playwright/test";
import { ok, type Webhook } from "./support/api";
import { test } from "./support/settings-page";
import { expect } from "./support/test";

/** The row of the newest event that has this text. */
function row(page: Page, text: string) {
  return page
    .getByRole("list", { name: "Events" })
    .getByRole("listitem")
    .filter({ hasText: text })
    .first();
}

test("says of every event whether a webhook gets it, and why", async ({
  settings,
  api,
  page,
  receiver,
}) => {
  const webhook = await api.createWebhook(receiver.url, {
    name: "Asked",
    event_types: ["issue.*"],
    filters: { priority: "critical" },
  });
  await api.createProject({ name: "Not subscribed" });
  await api.createIssue({ title: "Filtered", priority: "low" });
  await api.createIssue({ title: "Sent", priority: "critical" });
  await receiver.waitFor();
  await settings.open(`/${webhook.id}`);
  await page.getByRole("tab", { name: "Events" }).click();
  const rows = page.getByRole("list", { name: "Events" }).getByRole("listitem");
  await expect(rows.nth(0)).toContainText("Delivered");
  await expect(rows.nth(1)).toContainText("Filtered");
  await expect(rows.nth(1)).toContainText("/filters/priority");
  await expect(rows.nth(1)).toContainText('"low"');
  await expect(rows.nth(2)).toContainText("Not subscribed");
  expect(await settings.findViolations()).toEqual([]);

  await rows.nth(0).getByRole("link", { name: "See the delivery" }).click();
  await expect(page.getByRole("dialog")).toContainText("Sent");
});

test("answers about one event by its id, also at an address that names it", async ({
  settings,
  api,
  page,
  receiver,
  complaints,
}) => {
  const webhook = await api.createWebhook(receiver.url, { event_types: ["project.*"] });
  await api.createIssue({ title: "Asked about" });
  const [event] = ok(await api.get<{ event_id: string }[]>("/events?limit=1"));
  await settings.open(`/${webhook.id}`);
  await page.getByRole("tab", { name: "Deliveries" }).press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Events" })).toBeFocused();
  const field = page.getByRole("textbox", { name: "Ask about one event" });
  await field.fill("not an id");
  await settings.button("Why?").click();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await field.fill(` ${String(event?.event_id).toUpperCase()} `);
  await field.press("Enter");
  const answer = page.getByRole("region", { name: "The event asked about" });
  await expect(answer).toContainText("issue.created");
  await expect(answer).toContainText("Not subscribed");
  await page.reload();
  await expect(answer).toContainText("Not subscribed");

  await field.fill("0190a5c0-0000-7000-8000-0000000000ff");
  await field.press("Enter");
  await expect(answer.getByRole("alert")).toContainText("not found");
  expect(complaints.splice(0)).toEqual([expect.stringContaining("404")]);
});

test("follows a delivery that waits until it has arrived", async ({
  settings,
  api,
  page,
  receiver,
}) => {
  receiver.respondWith((_, n) => (n === 1 ? 500 : 200));
  const webhook: Webhook = await api.createWebhook(receiver.url, {
    event_types: ["issue.created"],
  });
  await api.createIssue({ title: "Late" });
  await receiver.waitFor();
  await settings.open(`/${webhook.id}`);
  await page.getByRole("tab", { name: "Events" }).click();
  await expect(row(page, "issue.created")).toContainText("Delivered");
});
