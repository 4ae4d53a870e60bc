// Loaded into every process of the app by NODE_OPTIONS: sets its wall clock off by the milliseconds
// that a file says at the time. Timers and performance.now() go on as they do when NTP sets a clock.
import { readFileSync } from "node:fs";

const RealDate = Date;
const file = process.env.TEST_WALL_CLOCK_FILE ?? "";
const rereadMs = 20;
let offsetMs = 0;
let readAtMs = Number.NEGATIVE_INFINITY;

function nowMs() {
  if (performance.now() - readAtMs > rereadMs) {
    readAtMs = performance.now();
    offsetMs = Number(readFileSync(file, "utf8"));
  }
  return RealDate.now() + offsetMs;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, asked) =>
    Reflect.construct(target, given.length > 0 ? given : [nowMs()], asked),
  apply: (target) => new target(nowMs()).toString(),
  get: (target, key) => (key === "now" ? nowMs : Reflect.get(target, key)),
});
