-- People: a password (its argon2id hash), a second factor (sealed), and when they were last here. A removed person stays
-- as a row, because builds and releases say who made them.
ALTER TABLE "User"
    ADD COLUMN "name" TEXT,
    ADD COLUMN "password" TEXT,
    ADD COLUMN "totp" BYTEA,
    ADD COLUMN "totpPending" BYTEA,
    ADD COLUMN "totpStep" INTEGER,
    ADD COLUMN "lastLoginAt" TIMESTAMPTZ(3),
    ADD COLUMN "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ADD COLUMN "removedAt" TIMESTAMPTZ(3);

-- Codes that stand for a lost second factor, once each.
CREATE TABLE "RecoveryCode" (
    "userId" UUID NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "RecoveryCode_pkey" PRIMARY KEY ("userId", "hash"),
    CONSTRAINT "RecoveryCode_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- A link by which a person sets a password, once: one per person, the newest.
CREATE TABLE "Invitation" (
    "userId" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Invitation_pkey" PRIMARY KEY ("userId"),
    CONSTRAINT "Invitation_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "Invitation_hash_key" ON "Invitation"("hash");

-- Tokens: what they are good for, how long, who used them last. `hint` is the end of the token, to tell one from another.
ALTER TABLE "Token"
    ADD COLUMN "scopes" TEXT[] NOT NULL DEFAULT ARRAY['global']::TEXT[],
    ADD COLUMN "session" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "ip" TEXT,
    ADD COLUMN "hint" TEXT NOT NULL DEFAULT '',
    ADD COLUMN "lifetimeMs" BIGINT,
    ADD COLUMN "lastUsedAt" TIMESTAMPTZ(3),
    ADD COLUMN "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
CREATE INDEX "Token_userId_idx" ON "Token"("userId");

-- A login that waits for its person to approve it in a browser.
CREATE TABLE "LoginRequest" (
    "id" UUID NOT NULL,
    "pageHash" TEXT NOT NULL,
    "clientHash" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "ip" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "userId" UUID,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "LoginRequest_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "LoginRequest_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "LoginRequest_pageHash_key" ON "LoginRequest"("pageHash");
CREATE UNIQUE INDEX "LoginRequest_clientHash_key" ON "LoginRequest"("clientHash");
CREATE INDEX "LoginRequest_expiresAt_idx" ON "LoginRequest"("expiresAt");
