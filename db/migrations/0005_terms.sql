-- The counter that fences what may begin under old terms; a revision is a webhook as it was at a time.
ALTER TABLE "webhook_subscriptions" RENAME COLUMN "revision" TO "terms";--> statement-breakpoint
ALTER TABLE "webhook_lanes" RENAME COLUMN "revision_seen" TO "terms_seen";
