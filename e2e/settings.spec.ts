import { test } from "./support/settings-page";
import { expect } from "./support/test";

test("says what to do while there is no webhook", async ({ settings, page }) => {
  await settings.open();
  await expect(page.getByRole("heading", { name: "Webhook Settings" })).toBeVisible();
  await expect(page.getByText("No webhooks configured")).toBeVisible();
  await expect(page.getByText("npm run receiver")).toBeVisible();
});

test("creates a webhook by keyboard alone and shows its secret once", async ({
  settings,
  page,
  receiver,
}) => {
  await settings.open();
  await settings.tabTo(page.getByLabel("Name"));
  await page.keyboard.type("Keyboard hook");
  await page.keyboard.press("Tab");
  await page.keyboard.type(receiver.url);
  await settings.tabTo(settings.button("issue.created"));
  await page.keyboard.press("Space");
  await expect(settings.button("issue.created")).toHaveAttribute("aria-pressed", "true");
  await settings.tabTo(settings.button("project.*"));
  await page.keyboard.press("Enter");
  await settings.tabTo(settings.button("Create Webhook"));
  await page.keyboard.press("Enter");

  await expect(page.getByRole("heading", { name: /Store its secret now/ })).toBeFocused();
  await expect(settings.webhook("Keyboard hook")).toContainText("issue.created");
  await expect(settings.webhook("Keyboard hook")).toContainText("project.*");
  await expect(page.getByLabel("Name")).toHaveValue("");
  const secret = await page.getByText(/^whsec_[A-Za-z0-9+/=]{40,}$/).textContent();
  expect(secret).toBeTruthy();

  await settings.tabTo(settings.button("I have stored it"));
  await page.keyboard.press("Enter");
  await expect(page.getByText(String(secret))).toBeHidden();
  await settings.open();
  expect(await page.content()).not.toContain(secret);
});

test("says beside each field what is wrong, keeps the values and goes to the first", async ({
  settings,
  page,
}) => {
  await settings.open();
  const url = page.getByRole("textbox", { name: "URL" });
  await url.fill("ftp://example.com/hook");
  await settings.button("Create Webhook").click();
  await expect(page.getByLabel("Name")).toBeFocused();
  await expect(page.getByLabel("Name")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText("Choose at least one event type.")).toBeVisible();

  await page.getByLabel("Name").fill("Wrong URL");
  await settings.button("issue.created").click();
  await settings.button("Create Webhook").click();
  await expect(url).toBeFocused();
  await expect(url).toHaveAttribute("aria-invalid", "true");
  await expect(url).toHaveValue("ftp://example.com/hook");
  await expect(page.getByText("No webhooks configured")).toBeVisible();
});

test("narrows the event types by a filter and turns whole groups", async ({ settings, page }) => {
  await settings.open();
  await page.getByRole("searchbox", { name: "Filter event types" }).fill("assign");
  await expect(settings.button("issue.assigned")).toBeVisible();
  await expect(settings.button("project.created")).toBeHidden();
  await page.getByRole("searchbox", { name: "Filter event types" }).fill("");
  await settings.button("All events").click();
  await expect(settings.button("issue.created")).toHaveAttribute("aria-pressed", "true");
  await settings.button("issue.*").click();
  await expect(settings.button("All events")).toHaveAttribute("aria-pressed", "false");
  await expect(settings.button("issue.created")).toHaveAttribute("aria-pressed", "false");
  await expect(settings.button("project.*")).toHaveAttribute("aria-pressed", "true");
});

test("tells what the receiver answered to a test", async ({ settings, api, page, receiver }) => {
  await api.createWebhook(receiver.url, { name: "Tested", event_types: ["issue.*"] });
  await settings.open();
  await settings.button("Send test Tested").click();
  await expect(settings.webhook("Tested")).toContainText(/200 OK in \d+ ms/);
  expect(receiver.posts.at(-1)?.headers["x-turbo-event"]).toBe("webhook.test");

  receiver.respondWith(400);
  await settings.button("Send test Tested").click();
  await expect(settings.webhook("Tested")).toContainText(/Failed: 400 Bad Request in \d+ ms/);
  await settings.button("Details").click();
  const detail = page.getByRole("dialog");
  await expect(detail).toContainText("webhook.test");
  await expect(detail.getByRole("region", { name: "Request headers" })).toContainText(
    "webhook-signature: v1,",
  );
  await page.keyboard.press("Escape");
  await expect(detail).toBeHidden();
  await expect(settings.button("Details")).toBeFocused();
});

test("holds deliveries while a webhook is paused and sends them when it is resumed", async ({
  settings,
  api,
  receiver,
}) => {
  await api.createWebhook(receiver.url, { name: "Paused one", event_types: ["issue.*"] });
  await settings.open();
  await settings.button("Pause Paused one").click();
  await expect(settings.webhook("Paused one")).toContainText("its deliveries are held");
  await api.createIssue({ title: "Held back" });
  const deliveries = await settings.openDeliveries("Paused one");
  await expect(deliveries).toContainText("Held");
  await settings.button("Resume Paused one").click();
  await expect(deliveries).toContainText("Success");
  await expect(settings.webhook("Paused one")).toContainText("Active");
});

test("edits a webhook in a dialog", async ({ settings, api, page, receiver }) => {
  await api.createWebhook(receiver.url, { name: "Before", event_types: ["issue.*"] });
  await settings.open();
  await settings.button("Edit Before").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("After");
  const description = dialog.getByLabel("Description");
  await description.fill("x".repeat(501));
  await expect(description).toHaveAccessibleDescription("Optional; 501 of 500 characters.");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(description).toBeFocused();
  await expect(dialog).toContainText("Must have at most 500 characters.");
  await description.fill("What the builds listen to");
  await dialog.getByRole("button", { name: "project.created" }).click();
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(dialog).toBeHidden();
  await expect(settings.webhook("After")).toContainText("project.created");
  await settings.open();
  await expect(settings.webhook("After")).toContainText("issue.*");
  await expect(settings.webhook("After")).toContainText("What the builds listen to");
});

test("asks by name before it deletes, and never loses the focus", async ({
  settings,
  api,
  page,
  receiver,
}) => {
  await api.createWebhook(receiver.url, { name: "Doomed", event_types: ["issue.*"] });
  await settings.open();
  const remove = settings.button("Delete Doomed");
  await remove.click();
  const dialog = page.getByRole("dialog", { name: "Delete “Doomed”?" });
  await expect(dialog).toContainText("Nothing is sent to it any more");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(remove).toBeFocused();

  await remove.click();
  await dialog.getByRole("button", { name: "Delete webhook" }).click();
  await expect(page.getByText("No webhooks configured")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Active Webhooks" })).toBeFocused();
});

test("shows a rotated secret once", async ({ settings, api, page, receiver }) => {
  const { secret_token } = await api.createWebhook(receiver.url, {
    name: "Rotated",
    event_types: ["issue.*"],
  });
  await settings.open();
  await settings.button("Rotate the secret of Rotated").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: /^1 hour/ }).check();
  await dialog.getByRole("button", { name: "Rotate secret" }).click();
  const shown = await dialog.getByText(/^whsec_[A-Za-z0-9+/=]{40,}$/).textContent();
  expect(shown).not.toBe(secret_token);
  await dialog.getByRole("button", { name: "I have stored it" }).click();
  await expect(page.getByText(String(shown))).toBeHidden();
  await expect(settings.webhook("Rotated")).toContainText("The old secret signs too");
});

test("follows deliveries as they happen and sends one again", async ({
  settings,
  api,
  page,
  receiver,
}) => {
  const { id } = await api.createWebhook(receiver.url, {
    name: "Watched",
    event_types: ["issue.*"],
  });
  receiver.respondWith(500);
  await settings.open();
  await settings.button("Deliveries of Watched").click();
  await expect(page.getByText("No deliveries yet")).toBeVisible();
  await api.createIssue({ title: "Fails at first" });
  const row = page.getByRole("row", { name: /issue\.created/ });
  await expect(row).toContainText("500");
  await expect(row).toContainText("Failed", { timeout: 30_000 });
  receiver.respondWith(200);
  await row.getByRole("button", { name: /^Retry/ }).click();
  await expect(row).toContainText("Success");
  await expect(row.getByRole("button", { name: /^Resend/ })).toBeEnabled();

  await row.getByRole("link", { name: "issue.created" }).click();
  const detail = page.getByRole("dialog");
  await expect(detail.getByRole("region", { name: "Payload" })).toContainText("Fails at first");
  await expect(detail).toContainText("500 Internal Server Error");
  const { searchParams } = new URL(page.url());
  await settings.open(`/${id}?delivery=${searchParams.get("delivery")}`);
  await expect(detail.getByRole("region", { name: "Payload" })).toContainText("Fails at first");
});

test("loads older deliveries on the webhook's own page", async ({
  settings,
  api,
  page,
  receiver,
}) => {
  const { id } = await api.createWebhook(receiver.url, { name: "Busy", event_types: ["issue.*"] });
  for (let count = 1; count <= 30; count += 1) await api.createIssue({ title: `Issue ${count}` });
  await settings.open(`/${id}`);
  const rows = page.getByRole("row", { name: /issue\.created/ });
  await expect(rows).toHaveCount(25);
  await settings.button("Load more").click();
  await expect(rows).toHaveCount(30);
  await expect(settings.button("Load more")).toBeHidden();
});

test("keeps a chosen theme over a reload", async ({ settings, page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await settings.open();
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await settings.button("Switch between light and dark").click();
  const dark = await background();
  expect(dark).not.toBe(light);
  await settings.open();
  expect(await background()).toBe(dark);
});

test("fits a phone: no sideways scrolling, and targets a finger can hit", async ({
  settings,
  api,
  page,
  receiver,
}) => {
  await api.createWebhook(`${receiver.url}?${"q".repeat(200)}`, {
    name: "A webhook with quite a long name to break",
  });
  await api.createIssue({ title: "Seen on a phone" });
  await page.setViewportSize({ width: 360, height: 740 });
  await settings.open();
  await settings.openDeliveries("A webhook with quite a long name to break");
  await expect(page.getByRole("row", { name: /issue\.created/ })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  const buttons = await page.getByRole("button").all();
  for (const button of buttons) {
    const box = await button.boundingBox();
    expect(box?.height, await button.innerText()).toBeGreaterThanOrEqual(40);
  }
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`has nothing for axe to object to, ${colorScheme}${colorScheme === "dark" ? " @slow" : ""}`, async ({
    settings,
    api,
    page,
    receiver,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    receiver.respondWith(500);
    await api.createWebhook(receiver.url, { name: "Examined", event_types: ["issue.*"] });
    await api.createIssue({ title: "Examined" });
    await settings.open();
    await settings.button("Create Webhook").click();
    await expect(page.getByText("Choose at least one event type.")).toBeVisible();
    await settings.button("issue.*").click();
    await settings.openDeliveries("Examined");
    await settings.button("Send test Examined").click();
    await expect(settings.webhook("Examined")).toContainText("Failed: 500");
    expect(await settings.findViolations()).toEqual([]);
    await page.getByRole("link", { name: "issue.created" }).click();
    await expect(page.getByRole("region", { name: "Payload" })).toBeVisible();
    expect(await settings.findViolations()).toEqual([]);
    await page.keyboard.press("Escape");
    for (const name of ["Edit Examined", "Rotate the secret of Examined", "Delete Examined"]) {
      await settings.button(name).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      expect(await settings.findViolations()).toEqual([]);
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toBeHidden();
    }
  });
}
