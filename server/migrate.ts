import nextEnv from "@next/env";
import { connect } from "@/db/client";
import { startEmbeddedPostgres } from "@/db/embedded/embedded";
import { migrateDatabase } from "@/db/migrate";
import { env, setEnv } from "@/lib/env";
import { reasonOf } from "@/lib/log";
import { checkSecretKey } from "@/lib/webhooks/key-check";
import { readOrMakeSecretKey } from "./data-dir";

nextEnv.loadEnvConfig(process.cwd(), false, { info: () => {}, error: () => {} });

/** `npm run db:migrate`: the schema alone, of DATABASE_URL or of the embedded database. */
async function main(): Promise<void> {
  const { databaseUrl, dataDir, secretKey } = env();
  const embedded = databaseUrl ? undefined : await startEmbeddedPostgres({ dataDir });
  try {
    const url = databaseUrl ?? embedded?.url ?? "";
    await migrateDatabase(url);
    setEnv({ ...env(), secretKey: secretKey ?? (await readOrMakeSecretKey(dataDir)) });
    const database = connect(url);
    try {
      await checkSecretKey(database.orm);
    } finally {
      await database.close();
    }
    process.stdout.write("The database is up to date.\n");
  } finally {
    if (embedded && !embedded.reused) await embedded.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`turbo: ${reasonOf(error)}\n`);
  process.exit(1);
});
