-- Rows that are updated in place keep room on their page, so that an update need not touch indexes.
ALTER TABLE "webhook_lanes" SET (fillfactor = 50);--> statement-breakpoint
ALTER TABLE "webhook_deliveries" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);--> statement-breakpoint
ALTER TABLE "engine_runs" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
--> statement-breakpoint
-- A time-ordered UUID (RFC 9562, version 7, microseconds in the twelve bits after the version):
-- PostgreSQL has one of its own only from version 18 on.
CREATE FUNCTION turbo_uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(
    substring(int8send(us / 1000) FROM 3)
      || int2send((28672 | (us % 1000) * 4096 / 1000)::int2)
      || substring(uuid_send(gen_random_uuid()) FROM 9),
    'hex'
  )::uuid
  FROM (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS us) AS moment
$$;
