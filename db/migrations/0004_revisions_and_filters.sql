INSERT INTO installation (key, value) VALUES ('id', gen_random_uuid()::text);
--> statement-breakpoint
-- What a webhook was is kept by the table itself, whoever changes it: explanations rely on it.
CREATE FUNCTION turbo_raise_webhook_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (new.name, new.url, new.event_types, new.filters, new.skip_own, new.state, new.disabled_reason, new.secret_token)
    IS DISTINCT FROM
    (old.name, old.url, old.event_types, old.filters, old.skip_own, old.state, old.disabled_reason, old.secret_token)
  THEN
    new.version := old.version + 1;
  END IF;
  RETURN new;
END $$;
--> statement-breakpoint
CREATE FUNCTION turbo_keep_webhook_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_revisions
    (webhook_id, version, name, url, event_types, filters, filter_plan, owner_actor, owner_key, skip_own, state, disabled_reason)
  VALUES (new.id, new.version, new.name, new.url, new.event_types, new.filters, new.filter_plan,
    new.owner_actor, new.owner_key, new.skip_own, new.state, new.disabled_reason);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER webhook_version BEFORE UPDATE ON webhook_subscriptions
  FOR EACH ROW EXECUTE FUNCTION turbo_raise_webhook_version();
--> statement-breakpoint
CREATE TRIGGER webhook_created AFTER INSERT ON webhook_subscriptions
  FOR EACH ROW EXECUTE FUNCTION turbo_keep_webhook_revision();
--> statement-breakpoint
CREATE TRIGGER webhook_changed AFTER UPDATE ON webhook_subscriptions
  FOR EACH ROW WHEN (new.version <> old.version) EXECUTE FUNCTION turbo_keep_webhook_revision();
--> statement-breakpoint
INSERT INTO webhook_revisions
  (webhook_id, version, name, url, event_types, filters, state, disabled_reason, created_at)
SELECT id, version, name, url, event_types, filters, state, disabled_reason, created_at
FROM webhook_subscriptions;
--> statement-breakpoint
-- Is one thing that stands in an event in this order to what is wanted? Only numbers to numbers and
-- texts to texts.
CREATE FUNCTION turbo_compares(one jsonb, op text, wanted jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN jsonb_typeof(one) = jsonb_typeof(wanted) THEN
    CASE jsonb_typeof(one)
      WHEN 'number' THEN CASE op
        WHEN 'gt' THEN one > wanted WHEN 'gte' THEN one >= wanted
        WHEN 'lt' THEN one < wanted WHEN 'lte' THEN one <= wanted ELSE false END
      WHEN 'string' THEN CASE op
        WHEN 'gt' THEN (one #>> '{}') COLLATE "C" > (wanted #>> '{}')
        WHEN 'gte' THEN (one #>> '{}') COLLATE "C" >= (wanted #>> '{}')
        WHEN 'lt' THEN (one #>> '{}') COLLATE "C" < (wanted #>> '{}')
        WHEN 'lte' THEN (one #>> '{}') COLLATE "C" <= (wanted #>> '{}')
        ELSE starts_with(one #>> '{}', wanted #>> '{}') END
      ELSE false END
    ELSE false END
$$;
--> statement-breakpoint
-- Does what stands at a path (null: nothing; of a list any element) fulfil a condition? It cannot
-- throw. Branches rather than one expression: without a subquery each costs a microsecond.
CREATE FUNCTION turbo_fulfils(item jsonb, op text, wanted jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF op = 'eq' THEN RETURN coalesce(item @> wanted, false);
  ELSIF op = 'ne' THEN RETURN NOT coalesce(item @> wanted, false);
  ELSIF op = 'exists' THEN RETURN (item IS NOT NULL) = (wanted = 'true'::jsonb);
  ELSIF op = 'nin' THEN RETURN NOT turbo_fulfils(item, 'in', wanted);
  ELSIF item IS NULL THEN RETURN false;
  ELSIF jsonb_typeof(item) <> 'array' THEN
    RETURN CASE op WHEN 'in' THEN wanted @> item ELSE turbo_compares(item, op, wanted) END;
  ELSIF op = 'in' THEN
    RETURN EXISTS (SELECT FROM jsonb_array_elements(wanted) AS one WHERE item @> one);
  END IF;
  RETURN EXISTS (SELECT FROM jsonb_array_elements(item) AS one WHERE turbo_compares(one, op, wanted));
END $$;
--> statement-breakpoint
-- Null when the event fulfils the plan of a filter, else the pointer of the first condition that it
-- does not: {all|any: [plan…], at} or {not: plan, at} or {path, op, value, at}.
CREATE FUNCTION turbo_mismatch(plan jsonb, event jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  parts jsonb := plan->'all';
  why text;
BEGIN
  IF plan ? 'op' THEN
    IF turbo_fulfils(event #> (plan->>'path')::text[], plan->>'op', plan->'value') THEN
      RETURN NULL;
    END IF;
  ELSIF parts IS NOT NULL THEN
    FOR i IN 0 .. jsonb_array_length(parts) - 1 LOOP
      why := turbo_mismatch(parts->i, event);
      IF why IS NOT NULL THEN RETURN why; END IF;
    END LOOP;
    RETURN NULL;
  ELSIF plan ? 'any' THEN
    parts := plan->'any';
    FOR i IN 0 .. jsonb_array_length(parts) - 1 LOOP
      IF turbo_mismatch(parts->i, event) IS NULL THEN RETURN NULL; END IF;
    END LOOP;
  ELSIF turbo_mismatch(plan->'not', event) IS NOT NULL THEN
    RETURN NULL;
  END IF;
  RETURN plan->>'at';
END $$;
