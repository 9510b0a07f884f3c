-- A setup that failed before anything was built takes its app with it, and is there without it: to be read by whoever began it.
ALTER TABLE "AppSetup" ALTER COLUMN "appId" DROP NOT NULL;
ALTER TABLE "AppSetup" ADD COLUMN "formerAppId" UUID;
ALTER TABLE "AppSetup" ADD COLUMN "formerAppName" TEXT;
