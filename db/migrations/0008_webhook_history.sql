DROP INDEX "webhook_subscriptions_created_at";--> statement-breakpoint
ALTER TABLE "webhook_revisions" ALTER COLUMN "name" SET DATA TYPE varchar(100);--> statement-breakpoint
ALTER TABLE "webhook_revisions" ALTER COLUMN "filters" SET DEFAULT '{}'::jsonb;--> statement-breakpoint
ALTER TABLE "webhook_revisions" ALTER COLUMN "state" SET DEFAULT 'active';--> statement-breakpoint
-- Whatever changes of a webhook is a new version of it, save what is named here: what follows from
-- another column, what fences attempts, and times.
CREATE OR REPLACE FUNCTION turbo_raise_webhook_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  aside CONSTANT text[] := ARRAY['version', 'terms', 'active', 'is_over', 'filter_plan', 'previous_secrets',
    'disabled_at', 'updated_at', 'deleted_at'];
BEGIN
  IF to_jsonb(new) - aside IS DISTINCT FROM to_jsonb(old) - aside THEN
    new.version := old.version + 1;
  END IF;
  RETURN new;
END $$;
--> statement-breakpoint
-- Keeps every column that webhook_revisions has by the same name; of the rest it has its own.
CREATE OR REPLACE FUNCTION turbo_keep_webhook_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_revisions
  SELECT revision.* FROM jsonb_populate_record(NULL::webhook_revisions, to_jsonb(new) || jsonb_build_object(
    'webhook_id', new.id, 'made_by', pg_current_xact_id(), 'created_at', clock_timestamp())) revision;
  RETURN NULL;
END $$;
