ALTER TABLE "webhook_subscriptions" ADD COLUMN "is_over" boolean GENERATED ALWAYS AS (state = 'deleted' or (state = 'disabled' and coalesce(disabled_reason = 'gone', false))) STORED NOT NULL;--> statement-breakpoint
ALTER TABLE "webhook_revisions" ADD COLUMN "is_over" boolean;--> statement-breakpoint
UPDATE "webhook_revisions" SET "is_over" = state = 'deleted' or (state = 'disabled' and coalesce(disabled_reason = 'gone', false));--> statement-breakpoint
ALTER TABLE "webhook_revisions" ALTER COLUMN "is_over" SET NOT NULL;
