ALTER TABLE "webhook_subscriptions" ADD COLUMN "description" text;--> statement-breakpoint
ALTER TABLE "webhook_revisions" ADD COLUMN "description" text;--> statement-breakpoint
-- What a recovery recovers is its scope, how far it is its status, as everywhere.
ALTER TABLE "webhook_recoveries" RENAME COLUMN "status" TO "scope";--> statement-breakpoint
ALTER TABLE "webhook_recoveries" RENAME COLUMN "state" TO "status";
