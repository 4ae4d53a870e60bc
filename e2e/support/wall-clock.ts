import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Settings } from "./app";

const preload = fileURLToPath(new URL("./wall-clock.mjs", import.meta.url));

/** The wall clock of an app's processes, which a test sets at will; the database's stays right. */
export class WallClock {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, "wall-clock-offset");
    this.set(0);
  }

  /** What the app is to be started with. */
  get settings(): Settings {
    return { NODE_OPTIONS: `--import ${preload}`, TEST_WALL_CLOCK_FILE: this.#file };
  }

  /** Hours from the true time, from now on. */
  set(hours: number): void {
    writeFileSync(this.#file, String(hours * 3_600_000));
  }
}
