-- Who may do what with an app: collaborators, teams and their members, and offers to take an app over.
CREATE TYPE "AppRole" AS ENUM ('view', 'deploy', 'operate', 'manage', 'admin');
CREATE TYPE "TeamRole" AS ENUM ('admin', 'member', 'viewer', 'collaborator');
CREATE TYPE "TransferState" AS ENUM ('pending', 'accepted', 'declined');

CREATE TABLE "Team" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Team_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Team_name_key" ON "Team"("name");

CREATE TABLE "TeamMember" (
    "id" UUID NOT NULL,
    "teamId" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "role" "TeamRole" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "TeamMember_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "TeamMember_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "Team"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "TeamMember_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "TeamMember_teamId_userId_key" ON "TeamMember"("teamId", "userId");
CREATE INDEX "TeamMember_userId_idx" ON "TeamMember"("userId");

CREATE TABLE "Collaborator" (
    "id" UUID NOT NULL,
    "appId" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "role" "AppRole" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Collaborator_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Collaborator_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Collaborator_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "Collaborator_appId_userId_key" ON "Collaborator"("appId", "userId");
CREATE INDEX "Collaborator_userId_idx" ON "Collaborator"("userId");

CREATE TABLE "AppTransfer" (
    "id" UUID NOT NULL,
    "appId" UUID NOT NULL,
    "ownerId" UUID NOT NULL,
    "recipientId" UUID NOT NULL,
    "state" "TransferState" NOT NULL DEFAULT 'pending',
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "AppTransfer_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "AppTransfer_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "AppTransfer_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "AppTransfer_recipientId_fkey" FOREIGN KEY ("recipientId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "AppTransfer_appId_idx" ON "AppTransfer"("appId");
CREATE INDEX "AppTransfer_ownerId_idx" ON "AppTransfer"("ownerId");
CREATE INDEX "AppTransfer_recipientId_idx" ON "AppTransfer"("recipientId");

-- An app of a team has no owner but the team; ownerId is then who brought it there. A team with apps cannot go.
ALTER TABLE "App" ADD COLUMN "teamId" UUID, ADD COLUMN "locked" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "App" ADD CONSTRAINT "App_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "Team"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX "App_teamId_idx" ON "App"("teamId");
