import { ok, type Webhook } from "./support/api";
import { test } from "./support/settings-page";
import { expect } from "./support/test";

type Filtered = Webhook & { filters: Record<string, unknown>; skip_own: string | null };

test("sends only what the quick fields let through", async ({ settings, api, page, receiver }) => {
  const project = await api.createProject({ name: "Observatory" });
  await settings.open();
  await page.getByLabel("Name").fill("Filtered");
  await page.getByRole("textbox", { name: "URL" }).fill(receiver.url);
  await settings.button("issue.created").click();
  await settings.fold("Filters").click();
  await page.getByRole("combobox", { name: "Project" }).fill("observ");
  await expect(page.getByRole("option", { name: "Observatory" }).first()).toBeVisible();
  await page.keyboard.press("Enter");
  await settings.button("critical").click();
  await settings.button("high").click();
  await expect(settings.fold("Filters")).toContainText("2 set");
  await settings.button("Create Webhook").click();

  const item = settings.webhook("Filtered");
  await expect(item).toContainText("project is Observatory");
  await expect(item).toContainText("priority is critical or high");
  const [webhook] = ok(await api.get<Filtered[]>("/webhooks"));
  expect(webhook?.filters).toEqual({
    project_id: project.id,
    priority: ["critical", "high"],
  });
  await api.createIssue({ title: "Elsewhere", priority: "critical" });
  await api.createIssue({ title: "Too low", priority: "low", project_id: project.id });
  await api.createIssue({ title: "Meant", priority: "high", project_id: project.id });
  const { body } = await receiver.waitFor();
  expect(body.data.current.title).toBe("Meant");
  expect(receiver.posts).toHaveLength(1);
});

test("chooses projects by keyboard, by name or by id, and lets them go", async ({
  settings,
  api,
  page,
}) => {
  const { id } = await api.createProject({ name: "Keyboard Garden" });
  await settings.open();
  await settings.fold("Filters").focus();
  await page.keyboard.press("Enter");
  const field = page.getByRole("combobox", { name: "Project" });
  await settings.tabTo(field);
  await page.keyboard.type("keyboard g");
  await expect(field).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(settings.button("Remove Keyboard Garden")).toBeVisible();
  await expect(field).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("Backspace");
  await expect(settings.button("Remove Keyboard Garden")).toBeHidden();

  await field.fill(id);
  await page.keyboard.press("Tab");
  await expect(settings.button("Remove Keyboard Garden")).toBeVisible();
  await field.fill("no such project");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^No project is called so/)).toBeVisible();
  await expect(field).toHaveAttribute("aria-invalid", "true");
});

test("shows one filter as fields and as JSON, and loses nothing of it", async ({
  settings,
  page,
}) => {
  await settings.open();
  await settings.fold("Filters").click();
  await settings.button("medium").click();
  await settings.button("Became closed, priority critical").click();
  const text = page.getByRole("textbox", { name: "Filter as JSON" });
  const filter = async (): Promise<unknown> => JSON.parse(await text.inputValue());
  const example = { "current.status": "closed", changes: "status", priority: "critical" };
  expect(await filter()).toEqual(example);
  await expect(settings.button("critical")).toHaveAttribute("aria-pressed", "true");
  await settings.button("high").click();
  expect(await filter()).toEqual({ ...example, priority: ["critical", "high"] });

  await text.fill('{"priority": {"ne": "low"}, "changes": "status"}');
  await expect(page.getByRole("group", { name: "Priority" })).toContainText("Set in the JSON");
  await settings.button("open").click();
  expect(await filter()).toEqual({ priority: { ne: "low" }, changes: "status", status: "open" });

  await settings.button("Assigned for the first time").click();
  await settings.button("Undo").click();
  expect(await filter()).toEqual({ priority: { ne: "low" }, changes: "status", status: "open" });
});

test("keeps JSON that is not whole, says where it breaks and goes there", async ({
  settings,
  page,
  receiver,
}) => {
  await settings.open();
  await page.getByLabel("Name").fill("Broken");
  await page.getByRole("textbox", { name: "URL" }).fill(receiver.url);
  await settings.button("issue.created").click();
  await settings.fold("Filters").click();
  await settings.fold("The whole filter, as JSON").click();
  const text = page.getByRole("textbox", { name: "Filter as JSON" });
  await text.fill('{"priority": }');
  await settings.fold("Filters").click();
  await settings.button("Create Webhook").click();
  await expect(text).toBeFocused();
  await expect(text).toHaveValue('{"priority": }');
  await expect(page.getByText(/^This is not JSON: .+"priority"/)).toBeVisible();
  await expect(page.getByText("No webhooks configured")).toBeVisible();
});

test("shows what the server refuses of a filter, with its pointer", async ({
  settings,
  page,
  receiver,
}) => {
  await settings.open();
  await page.getByLabel("Name").fill("Refused");
  await page.getByRole("textbox", { name: "URL" }).fill(receiver.url);
  await settings.button("issue.created").click();
  await settings.fold("Filters").click();
  await settings.fold("The whole filter, as JSON").click();
  await page
    .getByRole("textbox", { name: "Filter as JSON" })
    .fill('{"priority": "urgent", "current.titel": "x"}');
  await settings.fold("Filters").click();
  await settings.button("Create Webhook").click();
  await expect(page.getByText("/filters/priority", { exact: true })).toBeVisible();
  await expect(page.getByText("/filters/current.titel", { exact: true })).toBeVisible();
  await expect(page.getByText(/did you mean current\.title/)).toBeVisible();
  expect(await settings.findViolations()).toEqual([]);
});

test("tells which of the last events a filter would have let through, and follows it", async ({
  settings,
  api,
  page,
  complaints,
}) => {
  const marker = `tried-${Date.now()}`;
  await api.createIssue({ title: `${marker} low`, priority: "low" });
  await api.createIssue({ title: `${marker} high`, priority: "high" });
  await settings.open();
  await settings.fold("Filters").click();
  const tryIt = settings.button("Try it on the last 30 days");
  await expect(tryIt).toBeDisabled();
  await settings.button("issue.created").click();
  await settings.fold("The whole filter, as JSON").click();
  const text = page.getByRole("textbox", { name: "Filter as JSON" });
  await text.fill(JSON.stringify({ "current.title": { starts_with: marker } }));
  await tryIt.click();
  const status = page.getByRole("status").filter({ hasText: "would have matched" });
  await expect(status).toContainText(/^2 of the last \d+ events/);
  await settings.button("high").click();
  await expect(status).toContainText(/^1 of the last \d+ events/);
  const matches = page.getByRole("list", { name: "The newest that would have matched" });
  await expect(matches.getByRole("listitem")).toHaveCount(1);

  await text.fill('{"priority": "urgent"}');
  await expect(page.getByRole("alert").filter({ hasText: "/filters/priority" })).toBeVisible();
  expect(complaints.splice(0)).toEqual([expect.stringContaining("422")]);
});

test("edits a filter without losing what no field shows", async ({
  settings,
  api,
  page,
  receiver,
}) => {
  const filters = { not: { actor: "ai:claude" }, priority: "high" };
  const made = await api.createWebhook(receiver.url, {
    name: "Edited",
    event_types: ["issue.*"],
    filters,
    skip_own: "actor",
  });
  await settings.open();
  const item = settings.webhook("Edited");
  await expect(item).toContainText("not (actor is ai:claude)");
  await expect(item).toContainText("not what its own actor causes");
  await settings.button("Edit Edited").click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("summary").filter({ hasText: "Filters" }).click();
  await dialog.getByRole("button", { name: "critical", exact: true }).click();
  await dialog.getByRole("combobox", { name: "Leave out" }).selectOption("");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(dialog).toBeHidden();
  await expect(item).toContainText("priority is high or critical");
  await expect(item).not.toContainText("not what its own actor causes");
  const { body } = await api.get<Filtered>(`/webhooks/${made.id}`);
  expect(body.filters).toEqual({ ...filters, priority: ["high", "critical"] });
  expect(body.skip_own).toBeNull();
});

test("closes the list of projects by the first Escape and the dialog by the second", async ({
  settings,
  api,
  page,
  receiver,
}) => {
  await api.createProject({ name: "Escapement" });
  await api.createWebhook(receiver.url, { name: "Escaped", event_types: ["issue.*"] });
  await settings.open();
  await settings.button("Edit Escaped").click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("summary").filter({ hasText: "Filters" }).click();
  const field = dialog.getByRole("combobox", { name: "Project" });
  await field.fill("Escape");
  await expect(dialog.getByRole("listbox")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog.getByRole("listbox")).toBeHidden();
  await expect(field).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
});

test("offers the types that users have registered, and keeps a choice that is gone", async ({
  settings,
  api,
  page,
  receiver,
}) => {
  const entity = `zoo${Date.now()}`;
  const type = {
    name: `${entity}.fed`,
    description: "An animal is fed.",
    schema: { type: "object" },
    sample: { animal: "otter" },
  };
  expect((await api.post("/event-types", type)).status).toBe(201);
  await settings.open();
  await page.getByLabel("Name").fill("Zoo");
  await page.getByRole("textbox", { name: "URL" }).fill(receiver.url);
  await page.getByRole("searchbox", { name: "Filter event types" }).fill("animal");
  await expect(settings.button(type.name)).toBeVisible();
  await settings.button(`${entity}.*`).click();
  await settings.button("Create Webhook").click();
  await expect(settings.webhook("Zoo")).toContainText(`${entity}.*`);

  expect((await api.delete(`/event-types/${type.name}`)).status).toBe(204);
  await settings.open();
  await expect(settings.button(`${entity}.*`)).toBeHidden();
  await settings.button("Edit Zoo").click();
  const gone = page.getByRole("group", { name: "Chosen, but not registered" });
  const toggle = gone.getByRole("button", { name: `${entity}.*` });
  await expect(toggle).toHaveAttribute("aria-pressed", "true");
  await toggle.click();
  await expect(toggle).toHaveAttribute("aria-pressed", "false");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`has nothing for axe to object to in an open filter, ${colorScheme}`, async ({
    settings,
    api,
    page,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await api.createProject({ name: "Seen by axe" });
    await settings.open();
    await settings.button("issue.*").click();
    await settings.button("Issue 17 of 17 chosen").click();
    await settings.fold("Filters").click();
    await settings.button("High or critical, not done by an AI").click();
    await settings.button("Try it on the last 30 days").click();
    await expect(page.getByText(/would have matched|no event of these types/)).toBeVisible();
    await page.getByRole("combobox", { name: "Project" }).fill("seen");
    await expect(page.getByRole("listbox", { name: "Project" })).toBeVisible();
    expect(await settings.findViolations()).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });
}
