import postgres from "postgres";

/** The other side of the ledger: what the database says. */
export type Rows = {
  /** Of PostgreSQL. */
  version: string;
  events: EventRow[];
  deliveries: DeliveryRow[];
  attempts: AttemptRow[];
};

/** `title`: the number of the change that the event tells of. */
export type EventRow = { id: string; type: string; title: string };

export type DeliveryRow = {
  id: string;
  subscription_id: string;
  event_id: string;
  status: "pending" | "success" | "failed" | "cancelled";
  attempts: number;
  interruptions: number;
  error_message: string | null;
};

export type AttemptRow = {
  delivery_id: string;
  number: number;
  outcome: "success" | "failure" | "interrupted";
  response_code: number | null;
  error_class: string | null;
};

/** Reads what the harness compares; only of issues, which it alone changes. */
export async function readRows(databaseUrl: string): Promise<Rows> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const [server] = await sql<{ server_version: string }[]>`show server_version`;
    return {
      version: server?.server_version ?? "",
      events: await sql<EventRow[]>`
        select id, type, body::jsonb #>> '{data,current,title}' as title
        from events where entity_type = 'issue' order by id`,
      deliveries: await sql<DeliveryRow[]>`
        select delivery.id, subscription_id, event_id, status, attempts, interruptions, error_message
        from webhook_deliveries delivery join events event on event.id = delivery.event_id
        where event.entity_type = 'issue' order by delivery.id`,
      attempts: await sql<AttemptRow[]>`
        select delivery_id, number, outcome, response_code, error_class
        from webhook_attempts order by delivery_id, number`,
    };
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** How many deliveries wait for an attempt or have one under way. */
export async function countPending(databaseUrl: string): Promise<number> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::int from webhook_deliveries where status = 'pending'`;
    return row?.count ?? 0;
  } finally {
    await sql.end({ timeout: 2 });
  }
}
