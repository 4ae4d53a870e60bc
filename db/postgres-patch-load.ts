import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";

/** `turns`: how much was committed when each worker last did; `hung`: neither done nor refused. */
export type Load = { committed: number[]; turns: number[]; rejected: number; hung: number };

type Operation = (id: number) => Promise<unknown>;

const deadlineMs = 15_000;
const sql = postgres(process.argv[2] ?? "", { max: 6, backoff: () => 0.05, onnotice: () => {} });
const load: Load = { committed: [], turns: [], rejected: 0, hung: 0 };
let lastId = 0;

// Every operation inserts its id twice, so that half of one shows.
const operations: Operation[] = [
  (id) =>
    sql.begin(async (tx) => {
      await tx`insert into pairs values (${id})`;
      await tx.savepoint((inner) => inner`select pg_sleep(0.002)`);
      await tx`insert into pairs values (${id})`;
    }),
  (id) =>
    sql.begin((tx) => [tx`insert into pairs values (${id})`, tx`insert into pairs values (${id})`]),
  (id) =>
    sql.begin(async (tx) => {
      await tx`insert into pairs values (${id})`.catch(() => {});
      await delay(2);
      await tx`insert into pairs values (${id})`.catch(() => {});
    }),
  (id) => sql`insert into pairs values (${id}), (${id})`,
];

async function repeat(operation: Operation, worker: number): Promise<void> {
  for (let turn = 0; ;) {
    load.turns[worker] = turn;
    const id = ++lastId;
    const hung = delay(deadlineMs, "hung", { ref: false });
    const outcome = await Promise.race([
      operation(id).then(
        () => "committed",
        () => "rejected",
      ),
      hung,
    ]);
    if (outcome === "committed") turn = load.committed.push(id);
    else if (outcome === "rejected") load.rejected++;
    else load.hung++;
    await delay(outcome === "committed" ? 0 : 10);
  }
}

setInterval(() => process.send?.(load), 50);
process.on("disconnect", () => process.exit());
await Promise.all([...operations, ...operations].map(repeat));
