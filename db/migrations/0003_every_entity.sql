CREATE TABLE "comments" (
	"id" uuid PRIMARY KEY NOT NULL,
	"entity_type" text GENERATED ALWAYS AS (case when project_id is not null then 'project' when issue_id is not null then 'issue' when milestone_id is not null then 'milestone' when initiative_id is not null then 'initiative' when document_id is not null then 'document' end) STORED NOT NULL,
	"entity_id" uuid GENERATED ALWAYS AS (coalesce(project_id, issue_id, milestone_id, initiative_id, document_id)) STORED NOT NULL,
	"project_id" uuid,
	"issue_id" uuid,
	"milestone_id" uuid,
	"initiative_id" uuid,
	"document_id" uuid,
	"content" text NOT NULL,
	"author_name" text NOT NULL,
	"author_type" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "comments_target" CHECK (num_nonnulls(project_id, issue_id, milestone_id, initiative_id, document_id) = 1),
	CONSTRAINT "comments_author_type" CHECK ("comments"."author_type" in ('user', 'ai'))
);
--> statement-breakpoint
CREATE TABLE "document_links" (
	"document_id" uuid NOT NULL,
	"project_id" uuid,
	"issue_id" uuid,
	"milestone_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "document_links_target" CHECK (num_nonnulls(project_id, issue_id, milestone_id) = 1)
);
--> statement-breakpoint
CREATE TABLE "documents" (
	"id" uuid PRIMARY KEY NOT NULL,
	"title" text NOT NULL,
	"content" text NOT NULL,
	"type" text NOT NULL,
	"project_id" uuid,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "initiative_issues" (
	"initiative_id" uuid NOT NULL,
	"issue_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "initiative_issues_initiative_id_issue_id_pk" PRIMARY KEY("initiative_id","issue_id")
);
--> statement-breakpoint
CREATE TABLE "initiatives" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"status" text NOT NULL,
	"start_date" date,
	"target_date" date,
	"project_id" uuid,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "initiatives_status" CHECK ("initiatives"."status" in ('planning', 'in_progress', 'on_hold', 'completed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "issue_dependencies" (
	"issue_id" uuid NOT NULL,
	"depends_on_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "issue_dependencies_issue_id_depends_on_id_pk" PRIMARY KEY("issue_id","depends_on_id"),
	CONSTRAINT "issue_dependencies_other" CHECK ("issue_dependencies"."issue_id" <> "issue_dependencies"."depends_on_id")
);
--> statement-breakpoint
CREATE TABLE "issue_tags" (
	"issue_id" uuid NOT NULL,
	"tag_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "issue_tags_issue_id_tag_id_pk" PRIMARY KEY("issue_id","tag_id")
);
--> statement-breakpoint
CREATE TABLE "milestone_issues" (
	"milestone_id" uuid NOT NULL,
	"issue_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "milestone_issues_milestone_id_issue_id_pk" PRIMARY KEY("milestone_id","issue_id")
);
--> statement-breakpoint
CREATE TABLE "milestones" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"status" text NOT NULL,
	"start_date" date,
	"due_date" date,
	"due_told" integer,
	"project_id" uuid NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "milestones_status" CHECK ("milestones"."status" in ('planned', 'in_progress', 'completed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "tags" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"color" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "event_types" (
	"name" text PRIMARY KEY NOT NULL,
	"description" text,
	"schema" json NOT NULL,
	"sample" json NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"key_hash" text PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL,
	"answer" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhook_revisions" (
	"webhook_id" uuid NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"name" text NOT NULL,
	"url" text NOT NULL,
	"event_types" text[] NOT NULL,
	"filters" jsonb NOT NULL,
	"filter_plan" jsonb,
	"owner_actor" text,
	"owner_key" text,
	"skip_own" text,
	"state" text NOT NULL,
	"disabled_reason" text,
	"made_by" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"created_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "webhook_revisions_webhook_id_version_pk" PRIMARY KEY("webhook_id","version")
);
--> statement-breakpoint
DROP INDEX "issues_project_id";--> statement-breakpoint
ALTER TABLE "issues" ADD COLUMN "due_told" integer;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "actor" text DEFAULT 'user:unknown' NOT NULL;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "actor_key" text;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "cause_id" uuid;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "root_id" uuid;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "depth" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "seen" "pg_snapshot";--> statement-breakpoint
ALTER TABLE "webhook_subscriptions" ADD COLUMN "filter_plan" jsonb;--> statement-breakpoint
ALTER TABLE "webhook_subscriptions" ADD COLUMN "owner_actor" text;--> statement-breakpoint
ALTER TABLE "webhook_subscriptions" ADD COLUMN "owner_key" text;--> statement-breakpoint
ALTER TABLE "webhook_subscriptions" ADD COLUMN "skip_own" text;--> statement-breakpoint
ALTER TABLE "webhook_subscriptions" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "comments" ADD CONSTRAINT "comments_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "comments" ADD CONSTRAINT "comments_issue_id_issues_id_fk" FOREIGN KEY ("issue_id") REFERENCES "public"."issues"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "comments" ADD CONSTRAINT "comments_milestone_id_milestones_id_fk" FOREIGN KEY ("milestone_id") REFERENCES "public"."milestones"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "comments" ADD CONSTRAINT "comments_initiative_id_initiatives_id_fk" FOREIGN KEY ("initiative_id") REFERENCES "public"."initiatives"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "comments" ADD CONSTRAINT "comments_document_id_documents_id_fk" FOREIGN KEY ("document_id") REFERENCES "public"."documents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "document_links" ADD CONSTRAINT "document_links_document_id_documents_id_fk" FOREIGN KEY ("document_id") REFERENCES "public"."documents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "document_links" ADD CONSTRAINT "document_links_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "document_links" ADD CONSTRAINT "document_links_issue_id_issues_id_fk" FOREIGN KEY ("issue_id") REFERENCES "public"."issues"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "document_links" ADD CONSTRAINT "document_links_milestone_id_milestones_id_fk" FOREIGN KEY ("milestone_id") REFERENCES "public"."milestones"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "documents" ADD CONSTRAINT "documents_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "initiative_issues" ADD CONSTRAINT "initiative_issues_initiative_id_initiatives_id_fk" FOREIGN KEY ("initiative_id") REFERENCES "public"."initiatives"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "initiative_issues" ADD CONSTRAINT "initiative_issues_issue_id_issues_id_fk" FOREIGN KEY ("issue_id") REFERENCES "public"."issues"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "initiatives" ADD CONSTRAINT "initiatives_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "issue_dependencies" ADD CONSTRAINT "issue_dependencies_issue_id_issues_id_fk" FOREIGN KEY ("issue_id") REFERENCES "public"."issues"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "issue_dependencies" ADD CONSTRAINT "issue_dependencies_depends_on_id_issues_id_fk" FOREIGN KEY ("depends_on_id") REFERENCES "public"."issues"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "issue_tags" ADD CONSTRAINT "issue_tags_issue_id_issues_id_fk" FOREIGN KEY ("issue_id") REFERENCES "public"."issues"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "issue_tags" ADD CONSTRAINT "issue_tags_tag_id_tags_id_fk" FOREIGN KEY ("tag_id") REFERENCES "public"."tags"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "milestone_issues" ADD CONSTRAINT "milestone_issues_milestone_id_milestones_id_fk" FOREIGN KEY ("milestone_id") REFERENCES "public"."milestones"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "milestone_issues" ADD CONSTRAINT "milestone_issues_issue_id_issues_id_fk" FOREIGN KEY ("issue_id") REFERENCES "public"."issues"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "milestones" ADD CONSTRAINT "milestones_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_revisions" ADD CONSTRAINT "webhook_revisions_webhook_id_webhook_subscriptions_id_fk" FOREIGN KEY ("webhook_id") REFERENCES "public"."webhook_subscriptions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "comments_entity" ON "comments" USING btree ("entity_id","id");--> statement-breakpoint
CREATE INDEX "comments_project_id" ON "comments" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "comments_issue_id" ON "comments" USING btree ("issue_id");--> statement-breakpoint
CREATE INDEX "comments_milestone_id" ON "comments" USING btree ("milestone_id");--> statement-breakpoint
CREATE INDEX "comments_initiative_id" ON "comments" USING btree ("initiative_id");--> statement-breakpoint
CREATE INDEX "comments_document_id" ON "comments" USING btree ("document_id");--> statement-breakpoint
CREATE UNIQUE INDEX "document_links_project_id" ON "document_links" USING btree ("project_id","document_id");--> statement-breakpoint
CREATE UNIQUE INDEX "document_links_issue_id" ON "document_links" USING btree ("issue_id","document_id");--> statement-breakpoint
CREATE UNIQUE INDEX "document_links_milestone_id" ON "document_links" USING btree ("milestone_id","document_id");--> statement-breakpoint
CREATE INDEX "document_links_document_id" ON "document_links" USING btree ("document_id");--> statement-breakpoint
CREATE INDEX "documents_project_id" ON "documents" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "initiative_issues_issue_id" ON "initiative_issues" USING btree ("issue_id");--> statement-breakpoint
CREATE INDEX "initiatives_project_id" ON "initiatives" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "issue_dependencies_depends_on_id" ON "issue_dependencies" USING btree ("depends_on_id");--> statement-breakpoint
CREATE INDEX "issue_tags_tag_id" ON "issue_tags" USING btree ("tag_id");--> statement-breakpoint
CREATE INDEX "milestone_issues_issue_id" ON "milestone_issues" USING btree ("issue_id");--> statement-breakpoint
CREATE INDEX "milestones_project_id" ON "milestones" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "milestones_due_date" ON "milestones" USING btree ("due_date") WHERE due_date is not null and status in ('planned', 'in_progress') and due_told is distinct from -1;--> statement-breakpoint
CREATE UNIQUE INDEX "tags_name" ON "tags" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "idempotency_keys_created_at" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "issues_due_date" ON "issues" USING btree ("due_date") WHERE due_date is not null and status <> 'closed' and due_told is distinct from -1;--> statement-breakpoint
CREATE INDEX "events_loops" ON "events" USING btree ("root_id") WHERE type = 'system.loop_detected';--> statement-breakpoint
CREATE INDEX "issues_project_id" ON "issues" USING btree ("project_id","status");--> statement-breakpoint
ALTER TABLE "issues" ADD CONSTRAINT "issues_type" CHECK ("issues"."type" in ('bug', 'feature', 'enhancement', 'task', 'documentation'));--> statement-breakpoint
ALTER TABLE "issues" ADD CONSTRAINT "issues_status" CHECK ("issues"."status" in ('open', 'in_progress', 'review', 'testing', 'closed'));--> statement-breakpoint
ALTER TABLE "issues" ADD CONSTRAINT "issues_priority" CHECK ("issues"."priority" in ('low', 'medium', 'high', 'critical'));--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_status" CHECK ("projects"."status" in ('active', 'on_hold', 'completed', 'archived'));--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_priority" CHECK ("projects"."priority" in ('low', 'medium', 'high', 'critical'));--> statement-breakpoint
ALTER TABLE "webhook_subscriptions" ADD CONSTRAINT "webhook_subscriptions_skip_own" CHECK ("webhook_subscriptions"."skip_own" in ('actor', 'key'));