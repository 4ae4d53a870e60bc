import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { expect, test as base } from "./test";

/** For the settings page: a browser on it, whose console must stay silent. */
export const test = base.extend<{ settings: SettingsPage; complaints: string[] }>({
  // What the browser's console complains of; every test ends by looking at it.
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
  settings: async ({ page, appUrl }, use) => {
    await use(new SettingsPage(page, appUrl));
  },
});

export class SettingsPage {
  readonly page: Page;
  readonly appUrl: string;

  constructor(page: Page, appUrl: string) {
    this.page = page;
    this.appUrl = appUrl;
  }

  async open(path = ""): Promise<void> {
    await this.page.goto(`${this.appUrl}/settings/webhooks${path}`, { waitUntil: "networkidle" });
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** What a fold is opened by. */
  fold(name: string | RegExp): Locator {
    return this.page.locator("summary").filter({ hasText: name });
  }

  /** A webhook in the list, found by its heading. */
  webhook(name: string): Locator {
    const heading = this.page.getByRole("heading", { name, exact: true });
    return this.page.getByRole("listitem").filter({ has: heading });
  }

  async openDeliveries(name: string): Promise<Locator> {
    await this.button(`Deliveries of ${name}`).click();
    return this.page.getByRole("table", { name: `Deliveries of ${name}` });
  }

  /** Presses Tab until the focus is there. */
  async tabTo(target: Locator): Promise<void> {
    const isFocused = () => target.evaluate((element) => element === document.activeElement);
    for (let count = 0; count < 100; count += 1) {
      await this.page.keyboard.press("Tab");
      if (await isFocused()) return;
    }
    throw new Error(`A hundred presses of Tab do not reach ${String(target)}.`);
  }

  async findViolations(): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
  }
}
