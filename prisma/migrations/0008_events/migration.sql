-- What happened. Written by triggers in the transaction of the change itself; "seq" is given when it is published, in the
-- order of commits, so that a reader who has seen N misses nothing below N.
CREATE TABLE "Event" (
    "id" BIGSERIAL NOT NULL,
    "seq" BIGINT,
    "appId" UUID,
    "kind" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "call" UUID,
    "userId" UUID,
    "email" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "Event_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Event_seq_key" ON "Event"("seq");
CREATE INDEX "Event_appId_seq_idx" ON "Event"("appId", "seq");
CREATE INDEX "Event_call_idx" ON "Event"("call");

-- One row: how far events are published, and up to where old ones were removed.
CREATE TABLE "EventMark" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "published" BIGINT NOT NULL DEFAULT 0,
    "pruned" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "EventMark_pkey" PRIMARY KEY ("id")
);
INSERT INTO "EventMark" (id) VALUES (1);

-- TG_ARGV: kind, column that names the app ('' for none), columns that say nothing, columns that are always told. Values
-- that could be secrets (bytes, a telling name, a URL with a password) are not copied: only that they changed is told.
CREATE FUNCTION gantry_tell() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  mute text[] := string_to_array(TG_ARGV[2], ',');
  names text[] := string_to_array(TG_ARGV[3], ',');
  was jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) - mute END;
  is_ jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) - mute END;
  any_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN was ELSE is_ END;
  cause jsonb := nullif(current_setting('gantry.cause', true), '')::jsonb;
  hide_key text := '(hash|secret|password|token|totp|recovery|authorization|sealed|config|private)';
  hide_value text := '^\\x|://[^/@]*@';
  before_ jsonb;
  after_ jsonb;
BEGIN
  IF was = is_ THEN RETURN NULL; END IF;
  -- Of a change only what changed, besides what names the thing.
  SELECT jsonb_object_agg(key, CASE WHEN value <> 'null' AND (key ~* hide_key OR value #>> '{}' ~ hide_value)
    THEN '"[redacted]"'::jsonb ELSE value END) INTO before_
    FROM jsonb_each(was) WHERE TG_OP = 'DELETE' OR value IS DISTINCT FROM is_ -> key;
  SELECT jsonb_object_agg(key, CASE WHEN value <> 'null' AND (key ~* hide_key OR value #>> '{}' ~ hide_value)
    THEN '"[redacted]"'::jsonb ELSE value END) INTO after_
    FROM jsonb_each(is_) WHERE TG_OP = 'INSERT' OR key = ANY(names) OR value IS DISTINCT FROM was -> key;
  INSERT INTO "Event" ("appId", kind, action, subject, before, after, call, "userId", email)
  VALUES (
    CASE WHEN TG_ARGV[1] = '' THEN NULL ELSE (any_row ->> TG_ARGV[1])::uuid END,
    TG_ARGV[0],
    CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'DELETE' THEN 'destroy' ELSE 'update' END,
    coalesce(any_row ->> 'id', ''),
    before_, after_,
    (cause ->> 'call')::uuid, nullif(cause ->> 'userId', '')::uuid, cause ->> 'email');
  RETURN NULL;
END $$;

-- The audit trail: two rows per call, written before and after it. Rows are only ever added; each carries a keyed hash
-- over itself and the one before, so that whoever changes, removes or inserts one is found out.
CREATE TABLE "AuditRow" (
    "seq" BIGINT NOT NULL,
    "call" UUID NOT NULL,
    "appId" UUID,
    "record" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "AuditRow_pkey" PRIMARY KEY ("seq")
);
CREATE INDEX "AuditRow_call_idx" ON "AuditRow"("call");
CREATE INDEX "AuditRow_appId_seq_idx" ON "AuditRow"("appId", "seq");
CREATE FUNCTION gantry_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is only ever added to';
END $$;
CREATE TRIGGER gantry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditRow"
  FOR EACH STATEMENT EXECUTE FUNCTION gantry_append_only();

CREATE TABLE "Webhook" (
    "id" UUID NOT NULL,
    "appId" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "include" TEXT[],
    "secret" BYTEA NOT NULL,
    "authorization" BYTEA,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Webhook_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Webhook_appId_idx" ON "Webhook"("appId");
ALTER TABLE "Webhook" ADD CONSTRAINT "Webhook_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "WebhookEvent" (
    "id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "appId" UUID NOT NULL,
    "include" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "WebhookEvent_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "WebhookEvent_appId_seq_idx" ON "WebhookEvent"("appId", "seq");
CREATE INDEX "WebhookEvent_createdAt_idx" ON "WebhookEvent"("createdAt");

CREATE TABLE "WebhookDelivery" (
    "id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "webhookId" UUID NOT NULL,
    "eventId" UUID NOT NULL,
    "status" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "nextAt" TIMESTAMPTZ(3),
    "lastId" UUID,
    "lastCode" INTEGER,
    "lastError" TEXT,
    "lastAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "WebhookDelivery_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "WebhookDelivery_webhookId_eventId_key" ON "WebhookDelivery"("webhookId", "eventId");
CREATE INDEX "WebhookDelivery_nextAt_idx" ON "WebhookDelivery"("nextAt");
ALTER TABLE "WebhookDelivery" ADD CONSTRAINT "WebhookDelivery_webhookId_fkey" FOREIGN KEY ("webhookId") REFERENCES "Webhook"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "WebhookDelivery" ADD CONSTRAINT "WebhookDelivery_eventId_fkey" FOREIGN KEY ("eventId") REFERENCES "WebhookEvent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A drain's URL may hold a password, so it is sealed; its fingerprint keeps it unique within the app.
CREATE TABLE "Drain" (
    "id" UUID NOT NULL,
    "appId" UUID NOT NULL,
    "token" TEXT NOT NULL,
    "sealedUrl" BYTEA NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Drain_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Drain_token_key" ON "Drain"("token");
CREATE UNIQUE INDEX "Drain_appId_fingerprint_key" ON "Drain"("appId", "fingerprint");
ALTER TABLE "Drain" ADD CONSTRAINT "Drain_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE;
