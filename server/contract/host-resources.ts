import * as z from 'zod';

const room = z.object({ total_bytes: z.number(), free_bytes: z.number() });

/** Ours: a machine of the platform, as it is now. */
export const host = z.object({
  /** As instances name the one they are on. */
  name: z.string(),
  hostname: z.string(),
  /** False while its engine does not answer. */
  engine: z.boolean(),
  /** Null while the engine does not answer. */
  instances: z.number().nullable(),
  platform: z.string(),
  architecture: z.string(),
  cpus: z.number(),
  /** Processes that want to run, on average over the last minute. */
  load: z.number(),
  memory: room,
  disk: room,
  up_since: z.string(),
});
export type HostResource = z.infer<typeof host>;
