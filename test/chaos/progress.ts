import { isArrival } from "./book";
import { countBy } from "./group";
import type { Topology } from "./topology";

const everyMs = 5_000;

/** Prints a line every few seconds until it is ended. */
export function tellProgress(topology: Topology): { phase: string; end: () => void } {
  const startedMs = performance.now();
  const progress = { phase: "start", end: () => clearInterval(timer) };
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    void tell(topology, `${seconds} s, ${progress.phase}`);
  }, everyMs);
  return progress;
}

async function tell({ name, journal, apps }: Topology, phase: string): Promise<void> {
  const healths = await Promise.all(apps.map((app) => app.health()));
  const backlog = healths.map(backlogOf).find((due) => due !== null) ?? "?";
  const faults = [...countBy(journal.faults.map(({ kind }) => kind))];
  const told = faults.map(([kind, count]) => `${kind} ${count}`).join(", ") || "none yet";
  const committed = journal.changes.filter(({ outcome }) => outcome === "committed").length;
  const delivered = journal.posts.filter(isArrival).length;
  process.stdout.write(
    `chaos ${name} ${phase}: committed ${committed}, delivered ${delivered}, ` +
      `backlog ${backlog}; faults: ${told}\n`,
  );
}

function backlogOf(health: Record<string, unknown> | null): number | null {
  const { backlog } = health ?? {};
  const hasDue = typeof backlog === "object" && backlog !== null && "due" in backlog;
  return hasDue ? Number(backlog.due) : null;
}
