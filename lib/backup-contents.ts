import { z } from 'zod';

/**
 * What a backup holds, by its place in the tar archive that is encrypted, which is its place in GANTRY_HOME too.
 */
export const BACKUP = {
  /** Who made it, and when. */
  manifest: 'gantry-backup.json',
  /** What the server takes up at its next start. */
  restore: 'restore',
  /** The database, as pg_dump writes it. */
  dump: 'restore/database.dump',
  /** Not in a backup: there from the moment when the dump begins to be taken in. */
  begun: 'restore/filling',
  /** A bundle for each repository that is not empty, by the id of its app. */
  bundles: 'restore/repos',
  id: 'id',
  adminToken: 'admin-token',
  /** But for the key of backups. */
  secrets: 'secrets',
  /** All keys that open the database as it is in the dump, the current one first. */
  masterKey: 'secrets/master-key',
  /** What the platform's own registry holds; not there when a registry was given. */
  blobs: 'registry/blobs',
} as const;

/** The key that opens backups, in GANTRY_HOME/secrets; not in the backup. */
export const BACKUP_KEY = 'backup-key';

export const backupManifest = z.object({
  /** Raised when an older Gantry could not restore it. */
  format: z.literal(1),
  /** Of Gantry. */
  version: z.string(),
  madeAt: z.string(),
  platform: z.string(),
});
