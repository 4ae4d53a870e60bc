import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "./support/test";

type Document = {
  tags: { name: string }[];
  paths: Record<string, Record<string, { operationId: string; summary: string; tags: string[] }>>;
};

const slugOf = (group: string) => group.toLowerCase().replaceAll(" ", "-");

test("shows every operation of the document under its group", async ({ page, api, appUrl }) => {
  const { body } = await api.get<Document>("/openapi.json");
  const operations = Object.values(body.paths).flatMap((methods) => Object.values(methods));
  for (const { name } of body.tags) {
    await page.goto(`${appUrl}/reference/${slugOf(name)}`);
    await expect(page.getByRole("heading", { level: 1, name, exact: true })).toBeVisible();
    for (const { operationId, summary, tags } of operations) {
      if (tags[0] !== name) continue;
      await expect(page.locator(`h2#${operationId}`), operationId).toContainText(summary);
    }
  }
});

test("every link within it leads somewhere", async ({ page, api, appUrl }) => {
  const { body } = await api.get<Document>("/openapi.json");
  const paths = ["/reference", ...body.tags.map(({ name }) => `/reference/${slugOf(name)}`)];
  const ids = new Set<string>();
  const wanted = new Set<string>();
  for (const path of paths) {
    await page.goto(appUrl + path);
    ids.add(path);
    const anchors = await page.locator("[id]").evaluateAll((all) => all.map(({ id }) => id));
    for (const id of anchors) ids.add(`${path}#${id}`);
    const links = await page
      .locator("main a")
      .evaluateAll((all) => all.map((one) => (one instanceof HTMLAnchorElement ? one.href : "")));
    for (const link of links) {
      const { pathname, hash } = new URL(link);
      if (pathname.startsWith("/reference")) wanted.add(pathname + hash);
    }
  }
  expect([...wanted].filter((link) => !ids.has(link))).toEqual([]);
});

test("is found from the settings, and walked through by keyboard", async ({ page, appUrl }) => {
  await page.goto(`${appUrl}/settings/webhooks`);
  await page.getByRole("banner").getByRole("link", { name: "API reference" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "API reference" })).toBeVisible();

  await page.goto(`${appUrl}/reference`);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const contents = page.getByRole("navigation", { name: "API reference" });
  await expect(contents.getByRole("link", { name: "How to use it" })).toBeFocused();
  await contents.getByRole("link", { name: "Issues", exact: true }).press("Enter");
  await expect(page).toHaveURL(/\/reference\/issues$/);
  await expect(contents.getByRole("link", { name: "Issues", exact: true })).toHaveAttribute(
    ...(["aria-current", "page"] as const),
  );
  await contents.getByRole("link", { name: "Change an issue" }).press("Enter");
  await expect(page).toHaveURL(/#updateIssue$/);
  await expect(page.getByRole("heading", { name: /^Change an issue/ })).toBeInViewport();
});

test("explains a request field by field, with a command to try", async ({ page, appUrl }) => {
  await page.goto(`${appUrl}/reference/issues`);
  const section = page.getByRole("region", { name: /^Create an issue/ });
  await expect(section.getByText("POST", { exact: true })).toBeVisible();
  await expect(section.getByText("low or medium or high or critical")).toBeVisible();
  await expect(section.getByText("required")).toHaveCount(1);
  await expect(section.getByRole("region", { name: "Example: Create an issue" })).toContainText(
    `curl -X POST ${appUrl}/api/v1/issues`,
  );
});

test("asks a stranger of an exposed installation to sign in, and goes on from there", async ({
  page,
  startOwnApp,
}) => {
  const key = "a-key-of-at-least-24-characters";
  const { url } = await startOwnApp({
    TURBO_AUTH: "required",
    TURBO_API_KEY: key,
    TURBO_SECRET_KEY: "a-secret-key-of-many-characters",
    TURBO_PUBLIC_URL: "http://localhost:1",
  });
  await page.goto(`${url}/reference/issues`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/reference/);
  await expect(page.getByText("Authorization: Bearer").first()).toBeVisible();
});

// Dark differs in nothing but colors, which the pages share.
const pagesIn = {
  light: ["/reference", "/reference/webhooks", "/reference/events"],
  dark: ["/reference", "/reference/tags"],
};

for (const colorScheme of ["light", "dark"] as const) {
  test(`has nothing for axe to object to, and fits a narrow screen, ${colorScheme} @slow`, async ({
    page,
    appUrl,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const path of pagesIn[colorScheme]) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(appUrl + path);
      expect((await new AxeBuilder({ page }).analyze()).violations, path).toEqual([]);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(360);
      await page.locator("summary").filter({ hasText: "Contents" }).click();
      expect((await new AxeBuilder({ page }).analyze()).violations, path).toEqual([]);
    }
  });
}
