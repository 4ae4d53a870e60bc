import { eq } from "drizzle-orm";
import type { Orm } from "@/db/client";
import { installation } from "@/db/schema";
import { webhookSealer } from "./policy";

const key = "secret_key_check";
const context = "installation";
const plain = "turbo";

/** Throws when the secrets in this database were sealed with another TURBO_SECRET_KEY. */
export async function checkSecretKey(orm: Orm): Promise<void> {
  const value = webhookSealer().seal(plain, context);
  await orm.insert(installation).values({ key, value }).onConflictDoNothing();
  const [stored] = await orm.select().from(installation).where(eq(installation.key, key));
  try {
    webhookSealer().open(stored?.value ?? "", context);
  } catch {
    throw new Error("TURBO_SECRET_KEY: not the key that sealed the secrets in this database");
  }
}
